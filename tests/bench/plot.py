# A plot of the benchmark as SVG: pods against seconds, both logarithmic, a line
# a tool. It stands alone: no script, no font but the reader's own.
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 480, 70, 250, 40, 50
COLOURS = ["#666666", "#0a58ca", "#b5651d", "#7a3e9d", "#2e7d32", "#c62828"]


def svg(series, title):
    """`series`: a name for each tool to its seconds by number of pods."""
    sizes = sorted({size for line in series.values() for size in line})
    seconds = [value for line in series.values() for value in line.values()]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])

    def x(size):
        return LEFT + (math.log10(size) - first) / (last - first or 1) * (WIDTH - LEFT - RIGHT)

    def y(value):
        return TOP + (high - math.log10(value)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="13">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
             f'<text x="{LEFT}" y="22" font-weight="bold">{escape(title)}</text>']
    for power in range(low, high + 1):
        at = y(10 ** power)
        parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10 ** power:g} s</text>')
    for size in sizes:
        at = x(size)
        parts.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#eeeeee"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{size:,}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">pods on the node</text>')
    ends = []
    for (name, line), colour in zip(series.items(), COLOURS):
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in sorted(line.items()))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="3" fill="{colour}"/>'
                  for size, value in line.items()]
        size, value = max(line.items())
        ends.append([y(value), x(size), name, colour])
    # Names stand beside the lines' ends, none over another.
    ends.sort()
    for i, (at, along, name, colour) in enumerate(ends):
        if i:
            at = ends[i][0] = max(at, ends[i - 1][0] + 16)
        parts.append(f'<text x="{max(along, 0) + 10:.1f}" y="{at + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    parts.append("</svg>\n")
    return "\n".join(parts)
