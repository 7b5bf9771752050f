/*
 * The program of the hello-world image: prints a text and exits. Without a C library, so that it is two system calls long.
 * i386 only: system calls by interrupt 0x80, as syscall(2) describes.
 */

static const char text[] =
    "\n"
    "Hello from Docker!\n"
    "This message shows that your installation appears to be working correctly.\n"
    "\n"
    "To generate this message, Docker took the following steps:\n"
    " 1. The Docker client contacted the Docker daemon.\n"
    " 2. The Docker daemon pulled the \"hello-world\" image from the catalogue.\n"
    "    (i386)\n"
    " 3. The Docker daemon created a new container from that image which runs the\n"
    "    executable that produces the output you are currently reading.\n"
    " 4. The Docker daemon streamed that output to the Docker client, which sent it\n"
    "    to your terminal.\n"
    "\n"
    "To try something more ambitious, you can run a Debian container with:\n"
    " $ docker run -it debian bash\n"
    "\n"
    "For more examples and ideas, visit:\n"
    " https://docs.docker.com/get-started/\n"
    "\n";

enum { SYS_exit = 1, SYS_write = 4, STDOUT = 1 };

static long system_call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

void _start(void)
{
    long written = 0;
    const long length = sizeof text - 1;

    while (written < length) {
        long count = system_call(SYS_write, STDOUT, (long)(text + written), length - written);
        if (count <= 0)
            system_call(SYS_exit, 1, 0, 0);
        written += count;
    }
    for (;;)
        system_call(SYS_exit, 0, 0, 0);
}
