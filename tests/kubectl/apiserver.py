# An API server of the tests' own, for the real kubectl: it keeps objects, answers
# discovery, gets, lists, watches, patches and logs, plays the kubelet of its nodes,
# and can be told to refuse. Plain HTTP on 127.0.0.1.
import copy
import http.server
import json
import re
import socket
import threading
import time
import urllib.parse

# What discovery tells: group and version, then plural, kind, namespaced.
RESOURCES = {
    "v1": [("namespaces", "Namespace", False), ("nodes", "Node", False), ("pods", "Pod", True),
           ("serviceaccounts", "ServiceAccount", True), ("configmaps", "ConfigMap", True)],
    "apps/v1": [("daemonsets", "DaemonSet", True)],
    "batch/v1": [("jobs", "Job", True)],
    "networking.k8s.io/v1": [("networkpolicies", "NetworkPolicy", True)],
    "rbac.authorization.k8s.io/v1": [("roles", "Role", True), ("clusterroles", "ClusterRole", False)],
}
SUBRESOURCES = {"v1": [("pods/log", "Pod", True), ("pods/ephemeralcontainers", "Pod", True)]}
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, code, reason, message):
        self.body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                     "message": message, "reason": reason, "code": code}


class Cluster:
    """The objects, and what becomes of pods."""

    def __init__(self, kubelet):
        self.kubelet = kubelet  # called in a thread of its own for each container: see Container
        self.changed = threading.Condition()
        self.version = 1
        self.objects = {}    # (kind, namespace, name) -> object
        self.history = []    # (version, kind, namespace, name, type of event, object)
        self.logs = {}       # (namespace, pod, container) -> bytes
        self.requests = []   # "METHOD path?query"
        self.bodies = []     # (method, path, document)
        self.refusals = []   # [pattern of a request, refusal or None to hang up, times left]
        self.watch_seconds = 60
        self.kubelets = []
        self.stopped = threading.Event()

    # ---- what the tests say ----

    def node(self, name, ready="True", labels=None):
        self.put("Node", "", {"metadata": {"name": name, "labels": {"kubernetes.io/os": "linux", **(labels or {})}},
                              "status": {"conditions": [{"type": "MemoryPressure", "status": "False"},
                                                        {"type": "Ready", "status": ready}]}})

    def refuse(self, pattern, refusal, times=1000):
        self.refusals.append([re.compile(pattern), refusal, times])

    def pods(self):
        with self.changed:
            return [copy.deepcopy(item) for (kind, *_), item in self.objects.items() if kind == "Pod"]

    def seen(self, pattern):
        with self.changed:
            return [request for request in self.requests if re.search(pattern, request)]

    # ---- objects ----

    def put(self, kind, namespace, item, event=None):
        with self.changed:
            key = (kind, namespace, item["metadata"]["name"])
            self.version += 1
            item["metadata"]["resourceVersion"] = str(self.version)
            event = event or ("MODIFIED" if key in self.objects else "ADDED")
            if event == "DELETED":
                self.objects.pop(key, None)
            else:
                self.objects[key] = item
            self.history.append((self.version, *key, event, copy.deepcopy(item)))
            self.changed.notify_all()

    def get(self, kind, namespace, name, plural):
        with self.changed:
            found = self.objects.get((kind, namespace, name))
        if not found:
            raise Refusal(404, "NotFound", f'{plural} "{name}" not found')
        return copy.deepcopy(found)

    def create(self, kind, namespace, item, plural):
        name = item["metadata"]["name"]
        with self.changed:
            if (kind, namespace, name) in self.objects:
                raise Refusal(409, "AlreadyExists", f'{plural} "{name}" already exists')
            if namespace:
                item["metadata"]["namespace"] = namespace
            item["metadata"].setdefault("uid", f"00000000-0000-4000-8000-{self.version:012d}")
            if kind == "Pod":
                item["status"] = {"phase": "Pending"}
            self.put(kind, namespace, item)
        if kind == "Pod":
            self.start(Container(self, namespace, name, item["spec"]["containers"][0], "containerStatuses"))
        return item

    def add_ephemeral(self, namespace, name, patch):
        (added,) = patch["spec"]["ephemeralContainers"]
        with self.changed:
            pod = self.get("Pod", namespace, name, "pods")
            pod["spec"].setdefault("ephemeralContainers", []).append(added)
            self.put("Pod", namespace, pod)
        self.start(Container(self, namespace, name, added, "ephemeralContainerStatuses"))
        return pod

    def start(self, container):
        thread = threading.Thread(target=self.kubelet, args=(container,))
        self.kubelets.append(thread)
        thread.start()

    def stop(self):
        self.stopped.set()
        for thread in self.kubelets:
            thread.join(30)


class Container:
    """One container of a pod, as its kubelet has it in hand."""

    def __init__(self, cluster, namespace, pod, spec, statuses):
        self.cluster, self.namespace, self.pod, self.spec, self.statuses = cluster, namespace, pod, spec, statuses
        self.state({"waiting": {"reason": "ContainerCreating"}})

    @property
    def node(self):
        return self.read()["spec"]["nodeName"]

    def read(self):
        return self.cluster.get("Pod", self.namespace, self.pod, "pods")

    def gone(self):
        with self.cluster.changed:
            return ("Pod", self.namespace, self.pod) not in self.cluster.objects

    def update(self, change):
        with self.cluster.changed:
            if self.gone():
                return
            pod = self.read()
            change(pod["status"])
            self.cluster.put("Pod", self.namespace, pod)

    def state(self, state):
        def change(status):
            rows = [row for row in status.get(self.statuses, []) if row["name"] != self.spec["name"]]
            status[self.statuses] = [*rows, {"name": self.spec["name"], "state": state}]
        self.update(change)

    def phase(self, phase, **members):
        self.update(lambda status: status.update(phase=phase, **members))

    def run(self):
        self.state({"running": {}})
        if self.statuses == "containerStatuses":
            self.phase("Running")

    def end(self, log, code, reason=None):
        self.cluster.logs[self.namespace, self.pod, self.spec["name"]] = log
        self.state({"terminated": {"exitCode": code, "reason": reason or ("Error" if code else "Completed")}})
        if self.statuses == "containerStatuses":
            self.phase("Failed" if code else "Succeeded")

    def wait_gone(self, seconds=600):
        end = time.monotonic() + seconds
        while not self.gone() and not self.cluster.stopped.is_set() and time.monotonic() < end:
            time.sleep(0.02)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def cluster(self):
        return self.server.cluster

    def answer(self, document, code=200):
        self.send(json.dumps(document).encode(), "application/json", code)

    def send(self, data, kind, code=200):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_request(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        request = f"{self.command} {self.path}"
        with self.cluster.changed:
            self.cluster.requests.append(request)
            if body:
                self.cluster.bodies.append((self.command, url.path, body))
        try:
            done = self.refused(request)
            if done:
                return
            self.route(url.path, query, body)
        except Refusal as refusal:
            self.answer(refusal.body, refusal.body["code"])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_request

    def refused(self, request):
        with self.cluster.changed:
            rule = next((row for row in self.cluster.refusals if row[2] and row[0].search(request)), None)
            if not rule:
                return False
            rule[2] -= 1
        if rule[1]:
            raise rule[1]
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True
        return True

    def route(self, path, query, body):
        fixed = {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/version": {"major": "1", "minor": "35", "gitVersion": "v1.35.0"},
            "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": version.split("/")[0], "versions": [{"groupVersion": version, "version": "v1"}],
                 "preferredVersion": {"groupVersion": version, "version": "v1"}}
                for version in RESOURCES if "/" in version]},
        }
        if path in fixed:
            return self.answer(fixed[path])
        found = re.fullmatch(r"/(?:api|apis)/((?:[a-z0-9.]+/)?v1)(?:/(.*))?", path)
        if not found or found[1] not in RESOURCES:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        version, rest = found.groups()
        if not rest:
            return self.answer({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": [
                {"name": name, "singularName": kind.lower() if "/" not in name else "", "namespaced": namespaced,
                 "kind": kind, "verbs": VERBS}
                for name, kind, namespaced in [*RESOURCES[version], *SUBRESOURCES.get(version, [])]]})
        words = rest.split("/")
        namespace = ""
        if words[0] == "namespaces" and len(words) > 2:
            namespace, words = words[1], words[2:]
        plural, name, part = (words + [None, None])[:3]
        kind = next((kind for known, kind, _ in RESOURCES[version] if known == plural), None)
        if not kind:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        self.object(version, kind, plural, namespace, name, part, query, body)

    def object(self, version, kind, plural, namespace, name, part, query, body):
        def typed(item):
            return {"kind": kind, "apiVersion": version, **item}

        cluster = self.cluster
        if part == "log":
            cluster.get(kind, namespace, name, plural)
            return self.send(cluster.logs[namespace, name, query["container"]], "text/plain")
        if part == "ephemeralcontainers":
            return self.answer(typed(cluster.add_ephemeral(namespace, name, body)))
        if self.command == "POST":
            return self.answer(typed(cluster.create(kind, namespace, body, plural)), 201)
        if self.command == "DELETE":
            item = cluster.get(kind, namespace, name, plural)
            cluster.put(kind, namespace, item, "DELETED")
            return self.answer(typed(item))
        if name:
            return self.answer(typed(cluster.get(kind, namespace, name, plural)))
        wanted = dict(pair.split("=", 1) for pair in query.get("labelSelector", "").split(",") if pair)
        fields = dict(pair.split("=", 1) for pair in query.get("fieldSelector", "").split(",") if pair)
        if query.get("watch"):
            return self.watch(kind, namespace, fields.get("metadata.name"), int(query.get("resourceVersion", 0)), typed)
        with cluster.changed:
            items = [copy.deepcopy(item) for (its, where, called), item in cluster.objects.items()
                     if its == kind and where == namespace and fields.get("metadata.name", called) == called
                     and wanted.items() <= item["metadata"].get("labels", {}).items()]
            return self.answer({"kind": kind + "List", "apiVersion": version, "items": [typed(item) for item in items],
                                "metadata": {"resourceVersion": str(cluster.version)}})

    def watch(self, kind, namespace, name, after, typed):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        end = time.monotonic() + self.cluster.watch_seconds
        if not after:
            # From version 0: first what is there now, none of the past.
            with self.cluster.changed:
                after = self.cluster.version
                for (its, where, called), item in self.cluster.objects.items():
                    if (its, where) == (kind, namespace) and name in (None, called):
                        self.send_event("ADDED", typed(item))
        while time.monotonic() < end and not self.cluster.stopped.is_set():
            with self.cluster.changed:
                news = [row for row in self.cluster.history
                        if row[0] > after and row[1:3] == (kind, namespace) and name in (None, row[3])]
                if not news:
                    self.cluster.changed.wait(0.05)
                    continue
            for version, _, _, _, event, item in news:
                after = version
                self.send_event(event, typed(item))
        self.wfile.write(b"0\r\n\r\n")

    def send_event(self, event, item):
        data = json.dumps({"type": event, "object": item}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


class Server:
    """The server over a cluster, while it is needed; `url` is where."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.cluster = cluster
        self.url = "http://127.0.0.1:%d" % self.http.server_address[1]
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.cluster.stop()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()
