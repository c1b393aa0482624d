// A hostile plugin of GStreamer, for the tests: it looks at a file when GStreamer asks all plugins what the file is, which
// is inside of the sandbox, and then tries all that must not work. It says on stderr what did: a line "ESCAPED" for a call
// that succeeded, "REACHED" for one that the kernel took up and refused for its own reasons, and a last line "TRIED".
//
// Compiled by the test, which defines what there is to attack: PRECIOUS, SOCKET, SHARED, QUEUE, SEMAPHORE, VICTIM.

#define _GNU_SOURCE
#define PACKAGE "wo-hostile"
#include <errno.h>
#include <fcntl.h>
#include <gst/gst.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

// Calls that are younger than the headers of some systems. Their numbers are the same on all machines.
enum {
    OPENAT2 = 437, FACCESSAT2 = 439, PROCESS_MADVISE = 440, PROCESS_MRELEASE = 448, FCHMODAT2 = 452, SETXATTRAT = 463,
    GETXATTRAT, LISTXATTRAT, REMOVEXATTRAT, OPEN_TREE_ATTR, FILE_GETATTR, FILE_SETATTR,
    LAST_NUMBER = 1023,
};
// Left over from a kernel that traces functions: they end the process that makes them, and no filter sees them.
enum { URETPROBE = 335, UPROBE = 336 };

// What the sandbox allows: with any arguments, and with some.
static const long FREE[] = {
    SYS_read, SYS_readv, SYS_pread64, SYS_preadv, SYS_write, SYS_writev, SYS_lseek, SYS_close, SYS_fstat, SYS_recvmsg,
    SYS_ppoll, SYS_pselect6, SYS_eventfd2, SYS_pipe2, SYS_futex, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect,
    SYS_madvise, SYS_brk, SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall, SYS_gettid, SYS_getpid,
    SYS_set_robust_list, SYS_rseq, SYS_sched_yield, SYS_getcpu, SYS_exit, SYS_exit_group, SYS_getrandom, SYS_getrusage,
    SYS_sysinfo, SYS_uname,
#ifdef __x86_64__
    SYS_poll, SYS_select, SYS_time,
#endif
};
static const long CHECKED[] = {
    SYS_clone, SYS_tgkill, SYS_sched_getaffinity, SYS_prlimit64, SYS_prctl, SYS_fcntl, SYS_socketpair, SYS_sendto,
    SYS_recvfrom,
};

static int n_tried;

static void try(const char *name, long number, long result) {
    int error = errno;
    n_tried++;
    if (result == -1 && (error == ENOSYS || error == EPERM))
        return;
    char line[160];
    int length = snprintf(line, sizeof line, "%s %s %ld: %ld %d\n", result == -1 ? "REACHED" : "ESCAPED", name, number,
                          result, result == -1 ? error : 0);
    if (write(2, line, length) < 0)
        _exit(1);
}

#define TRY(name, ...) try(#name, SYS_##name, syscall(SYS_##name, __VA_ARGS__))
#define TRY_NEW(number, ...) try(#number, number, syscall(number, __VA_ARGS__))

// Changing files by name, and by descriptor where there is one.
static void attack_files(void) {
    char bytes[64] = {0};
    struct { unsigned long value; unsigned size, flags; } attribute = {(unsigned long)"evil", 4, 0};
    TRY(openat, AT_FDCWD, PRECIOUS, O_RDWR);
    TRY(openat, AT_FDCWD, "/dev/null", O_RDONLY);
    TRY(fchmodat, AT_FDCWD, PRECIOUS, 0);
    TRY(fchownat, AT_FDCWD, PRECIOUS, 1, 1, 0);
    TRY(utimensat, AT_FDCWD, PRECIOUS, NULL, 0);
    TRY(truncate, PRECIOUS, 0);
    TRY(unlinkat, AT_FDCWD, PRECIOUS, 0);
    TRY(mkdirat, AT_FDCWD, PRECIOUS "-new", 0777);
    TRY(symlinkat, "/", AT_FDCWD, PRECIOUS "-new");
    TRY(linkat, AT_FDCWD, PRECIOUS, AT_FDCWD, PRECIOUS "-new", 0);
    TRY(renameat2, AT_FDCWD, PRECIOUS, AT_FDCWD, PRECIOUS "-new", 0);
    TRY(mknodat, AT_FDCWD, PRECIOUS "-new", 0100666, 0);
    TRY(setxattr, PRECIOUS, "user.evil", "evil", 4, 0);
    TRY(removexattr, PRECIOUS, "user.good");
    TRY(newfstatat, AT_FDCWD, PRECIOUS, bytes, 0);
    TRY(statx, AT_FDCWD, PRECIOUS, 0, 0xfff, bytes);
    TRY(readlinkat, AT_FDCWD, "/proc/self/exe", bytes, sizeof bytes);
    TRY(faccessat, AT_FDCWD, PRECIOUS, R_OK);
    TRY(chdir, "/");
    TRY_NEW(OPENAT2, AT_FDCWD, PRECIOUS, bytes, 24);
    TRY_NEW(FACCESSAT2, AT_FDCWD, PRECIOUS, R_OK, 0);
    TRY_NEW(FCHMODAT2, AT_FDCWD, PRECIOUS, 0, 0);
    TRY_NEW(SETXATTRAT, AT_FDCWD, PRECIOUS, 0, "user.evil", &attribute, sizeof attribute);
    TRY_NEW(GETXATTRAT, AT_FDCWD, PRECIOUS, 0, "user.good", &attribute, sizeof attribute);
    TRY_NEW(LISTXATTRAT, AT_FDCWD, PRECIOUS, 0, bytes, sizeof bytes);
    TRY_NEW(REMOVEXATTRAT, AT_FDCWD, PRECIOUS, 0, "user.good");
    TRY_NEW(OPEN_TREE_ATTR, AT_FDCWD, "/", 1, bytes, 32);
    TRY_NEW(FILE_GETATTR, AT_FDCWD, PRECIOUS, bytes, 24, 0);
    TRY_NEW(FILE_SETATTR, AT_FDCWD, PRECIOUS, bytes, 24, 0);
    // The descriptors that a worker has: its socket, the file that it decodes, and what wakes threads.
    static const unsigned long REQUESTS[] = {
        0x40086602, 0x80086601, 0x401c5820, 0x801c581f, FIONREAD, FIONBIO, FIOASYNC, TIOCSTI, TCGETS, 0xc0185879,
    };
    for (int file = 0; file < 64; file++) {
        for (size_t i = 0; i < sizeof REQUESTS / sizeof *REQUESTS; i++) {
            int value = 0x10;
            TRY(ioctl, file, REQUESTS[i], &value);
        }
        TRY(fchmod, file, 0);
        TRY(fchown, file, 1, 1);
        TRY(ftruncate, file, 0);
        TRY(fallocate, file, 0, 0, 1 << 20);
        TRY(fsetxattr, file, "user.evil", "evil", 4, 0);
        TRY(fremovexattr, file, "user.good");
        TRY(flock, file, 2);
        TRY(fcntl, file, F_SETFL, O_ASYNC);
        TRY(fcntl, file, F_SETFL, O_APPEND);
        TRY(fcntl, file, F_SETOWN, VICTIM);
    }
    for (long command = 0; command < 2048; command++)
        if (command != F_GETFD && command != F_SETFD && command != F_GETFL && command != F_SETFL &&
            command != F_DUPFD_CLOEXEC)
            TRY(fcntl, 0, command, 0);
}

// Speaking with others.
static void attack_sockets(void) {
    int pair[2];
    for (int kind = 0; kind < 16; kind++)
        if (kind != SOCK_STREAM)
            TRY(socketpair, AF_UNIX, kind, 0, pair);
    for (int family = 0; family < 64; family++) {
        if (family != AF_UNIX)
            TRY(socketpair, family, SOCK_STREAM, 0, pair);
        TRY(socket, family, SOCK_STREAM, 0);
        TRY(socket, family, SOCK_DGRAM, 0);
    }
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    if (syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        pair[0] = 0;
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec bytes = {"x", 1};
    struct msghdr message = {NULL, 0, &bytes, 1, control, sizeof control, 0};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    const int sockets[] = {0, pair[0]};
    for (int i = 0; i < 2; i++) {
        int socket = sockets[i];
        TRY(sendto, socket, "x", 1, 0, &name, sizeof name);
        TRY(sendmsg, socket, &message, 0);
        TRY(sendmmsg, socket, &message, 1, 0);
        TRY(connect, socket, &name, sizeof name);
        TRY(bind, socket, &name, sizeof name);
        TRY(listen, socket, 1);
        TRY(setsockopt, socket, SOL_SOCKET, SO_PASSCRED, &socket, sizeof socket);
        TRY(shutdown, socket, 2);
    }
}

// What processes share.
static void attack_ipc(void) {
    char bytes[128] = {0};
    struct { unsigned short number; short by, flags; } up = {0, 1, 0};
    TRY(shmget, 0, 4096, IPC_CREAT | 0666);
    TRY(shmat, SHARED, NULL, 0);
    TRY(shmctl, SHARED, IPC_RMID, NULL);
    TRY(shmctl, SHARED, IPC_STAT, bytes);
    TRY(msgget, 0, IPC_CREAT | 0666);
    TRY(msgsnd, QUEUE, bytes, 8, IPC_NOWAIT);
    TRY(msgrcv, QUEUE, bytes, 64, 0, IPC_NOWAIT);
    TRY(msgctl, QUEUE, IPC_RMID, NULL);
    TRY(semget, 0, 1, IPC_CREAT | 0666);
    TRY(semop, SEMAPHORE, &up, 1);
    TRY(semtimedop, SEMAPHORE, &up, 1, NULL);
    TRY(semctl, SEMAPHORE, 0, 16, 7);
    TRY(semctl, SEMAPHORE, 0, IPC_RMID, 0);
    TRY(mq_open, "/wo-hostile", O_CREAT | O_RDWR, 0666, NULL);
    TRY(memfd_create, "x", 0);
}

// Other processes, and this one where that shows outside.
static void attack_processes(void) {
    unsigned long mask = 1;
    struct { int priority; } lowest = {0};
    unsigned attributes[12] = {48, SCHED_IDLE};
    unsigned long limits[2] = {0, 0};
    char bytes[8] = {0};
    struct iovec mine = {bytes, sizeof bytes}, theirs = {(void *)0x400000, sizeof bytes};
    const long ids[] = {VICTIM, 1, -1};
    for (int i = 0; i < 3; i++) {
        long id = ids[i];
        TRY(setpriority, 0, id, 19);
        TRY(getpriority, 0, id);
        TRY(sched_setaffinity, id, sizeof mask, &mask);
        TRY(sched_getaffinity, id, sizeof mask, &mask);
        TRY(sched_setscheduler, id, SCHED_IDLE, &lowest);
        TRY(sched_getscheduler, id);
        TRY(sched_setparam, id, &lowest);
        TRY(sched_setattr, id, attributes, 0);
        TRY(ioprio_set, 1, id, 3 << 13);
        TRY(ioprio_get, 1, id);
        TRY(prlimit64, id, 7, limits, NULL);
        TRY(kill, id, SIGTERM);
        TRY(tkill, id, SIGTERM);
        TRY(tgkill, id, id, SIGTERM);
        TRY(rt_sigqueueinfo, id, SIGTERM, bytes);
        TRY(ptrace, 16, id, 0, 0);
        TRY(process_vm_readv, id, &mine, 1, &theirs, 1, 0);
        TRY(process_vm_writev, id, &mine, 1, &theirs, 1, 0);
        TRY(pidfd_open, id, 0);
        TRY(kcmp, id, id, 0, 0, 0);
        TRY(migrate_pages, id, 8, &mask, &mask);
        TRY(move_pages, id, 0, NULL, NULL, NULL, 0);
        TRY(setpgid, id, 0);
        TRY(getpgid, id);
        TRY(getsid, id);
        TRY(wait4, id, NULL, 1, NULL);
    }
    TRY(setpriority, 2, getuid(), 19);
    TRY(prlimit64, 0, 7, limits, NULL);
    TRY(execve, "/bin/true", NULL, NULL);
    TRY_NEW(PROCESS_MADVISE, 3, &mine, 1, 21, 0);
    TRY_NEW(PROCESS_MRELEASE, 3, 0);
    for (long option = 0; option < 128; option++)
        if (option != PR_SET_NAME && option != PR_GET_NAME)
            TRY(prctl, option, 1, 0, 0, 0);
    // A copy of this process, and threads that are in a namespace or a family of their own.
    const unsigned long thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    const unsigned long harmless =
        CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | 0x00400000;
    TRY(clone, SIGCHLD, 0, 0, 0, 0);
    TRY(clone3, NULL, 0);
    for (int bit = 0; bit < 33; bit++) {
        unsigned long flag = 1ul << bit;
        if (flag & thread)
            TRY(clone, thread & ~flag, 0, 0, 0, 0);
        else if (!(flag & harmless))
            TRY(clone, thread | flag, 0, 0, 0, 0);
    }
}

static int is_in(long number, const long *list, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (list[i] == number)
            return 1;
    return 0;
}

// Each number that is not allowed, with arguments that make nothing of what is there succeed.
static void attack_numbers(void) {
    for (long number = 0; number <= LAST_NUMBER; number++) {
        if (number == URETPROBE || number == UPROBE || is_in(number, FREE, sizeof FREE / sizeof *FREE) ||
            is_in(number, CHECKED, sizeof CHECKED / sizeof *CHECKED))
            continue;
        try("number", number, syscall(number, -1, -1, -1, -1, -1, -1));
#ifdef __x86_64__
        // The same by the numbers of the x32 interface.
        try("x32", number, syscall(number | 0x40000000, -1, -1, -1, -1, -1, -1));
#endif
    }
}

static void find(GstTypeFind *file, gpointer data) {
    static int is_done;
    (void)file, (void)data;
    if (is_done++)
        return;
    attack_files();
    attack_sockets();
    attack_ipc();
    attack_processes();
    attack_numbers();
    char line[32];
    if (write(2, line, snprintf(line, sizeof line, "TRIED %d\n", n_tried)) < 0)
        _exit(1);
}

static gboolean start(GstPlugin *plugin) {
    return gst_type_find_register(plugin, "wo-hostile", 1000, find, NULL, NULL, NULL, NULL);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, dav1d, "attacks what decodes", start, "1.0", "MIT/X11", "wo", "wo")
