/* What the `docker` stub and the agent say to each other over a unix socket.
 *
 * The stub's first message carries its three standard descriptors (SCM_RIGHTS) and starts with a 32-bit length; so many
 * bytes follow: program, working directory, 32-bit count of arguments, of variables, then those, each with its NUL.
 * After it the stub sends one byte for each signal it gets; the agent sends the exit code (32 bits) and closes. */
#ifndef CALLS_H
#define CALLS_H

#define CALLS_SOCKET "/run/drydock.sock"
enum { CALL_MAX = 1 << 20 };

#endif
