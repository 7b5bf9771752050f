/*
 * The bare cost of what the engine does, measured in the guest by a tight loop: what no engine can beat.
 *
 *   floor exec N PROGRAM                     vfork + exec + wait of a small static program
 *   floor nsenter N PID PROGRAM              the same, entering all namespaces of PID first
 *   floor container N LOWER SCRATCH PROGRAM  six new namespaces with network, overlay mount, pivot_root, exec, wait
 *   floor ready N LOWER SCRATCH PROGRAM NS   the same, joining the network namespace bound at NS
 *
 * Prints one line per run: milliseconds. PROGRAM is looked up in the new root for the last two.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK (64 * 1024)

static char stack[STACK] __attribute__((aligned(16)));

struct task {
    const char *program;
    const char *lower;
    const char *scratch;
    int network; /* file descriptor of a namespace to join, or -1 */
    int pidfd;   /* process whose namespaces to enter, or -1 */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static int execute(const char *program)
{
    char *argv[] = {(char *)program, NULL};
    char *envp[] = {NULL};
    execve(program, argv, envp);
    return 127;
}

static int plain(void *argument)
{
    return execute(((struct task *)argument)->program);
}

static int contained(void *argument)
{
    struct task *task = argument;
    char options[1024];
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", task->lower, task->scratch, task->scratch);
    if (task->network >= 0 && setns(task->network, CLONE_NEWNET) != 0) die("setns");
    if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) die("make private");
    char root[1024];
    snprintf(root, sizeof root, "%s/root", task->scratch);
    if (mount("overlay", root, "overlay", 0, options) != 0) die("overlay");
    if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0) die("pivot_root");
    return execute(task->program);
}

static double run(int (*start)(void *), struct task *task, int flags)
{
    double begin = now();
    pid_t child = clone(start, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD | flags, task);
    if (child < 0) die("clone");
    int status;
    if (waitpid(child, &status, 0) < 0) die("wait");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "floor: the program ended with status %d\n", status);
        exit(1);
    }
    return now() - begin;
}

static double enter(struct task *task)
{
    double begin = now();
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        if (setns(task->pidfd, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP) != 0) die("setns");
        pid_t inner = clone(plain, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, task);
        int status;
        if (inner < 0 || waitpid(inner, &status, 0) < 0) die("clone");
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    int status;
    if (waitpid(child, &status, 0) < 0 || status != 0) die("wait");
    return now() - begin;
}

static void directories(const char *scratch)
{
    static const char *const names[] = {"", "/upper", "/work", "/root"};
    char path[1024];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s%s", scratch, names[i]);
        if (mkdir(path, 0755) != 0 && errno != EEXIST) die(path);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: floor exec|nsenter|container|ready N …\n");
        return 2;
    }
    const char *mode = argv[1];
    int runs = atoi(argv[2]);
    struct task task = {.network = -1, .pidfd = -1};
    int flags = 0;
    int (*start)(void *) = plain;
    int entering = 0;
    if (strcmp(mode, "exec") == 0) {
        task.program = argv[3];
    } else if (strcmp(mode, "nsenter") == 0 && argc == 5) {
        task.pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[3]), 0);
        if (task.pidfd < 0) die("pidfd_open");
        task.program = argv[4];
        entering = 1;
    } else if ((strcmp(mode, "container") == 0 && argc == 6) || (strcmp(mode, "ready") == 0 && argc == 7)) {
        task.lower = argv[3];
        task.scratch = argv[4];
        task.program = argv[5];
        start = contained;
        flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP;
        if (argc == 7) {
            task.network = open(argv[6], O_RDONLY | O_CLOEXEC);
            if (task.network < 0) die(argv[6]);
        } else {
            flags |= CLONE_NEWNET;
        }
        directories(task.scratch);
    } else {
        fprintf(stderr, "floor: bad arguments\n");
        return 2;
    }
    for (int i = 0; i < runs; i++) printf("%.3f\n", entering ? enter(&task) : run(start, &task, flags));
    return 0;
}
