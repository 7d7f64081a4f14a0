/* SPDX-License-Identifier: Apache-2.0 */
/* The version, in one place. */
#ifndef SOCKPROBE_VERSION_H
#define SOCKPROBE_VERSION_H

#define SOCKPROBE_VERSION "0.1.0"

#endif
