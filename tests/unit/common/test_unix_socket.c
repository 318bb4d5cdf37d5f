/* SPDX-License-Identifier: MIT */
#include "common/unix_socket.h"

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <winnow/err.h>

#define STRANGER 4242 /* uid and gid */
#define CLUB     4243 /* a further group of the stranger's */

/* A directory that goes away with what is in it. */
struct place {
    char dir[32], path[64];
    struct unix_listener listener;
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->dir, "/tmp/wn-unit-XXXXXX");
    if (!mkdtemp(place->dir))
        return -1;
    chmod(place->dir, 0755);
    snprintf(place->path, sizeof place->path, "%s/s", place->dir);
    *state = place;
    return unix_listener_open(place->path, 0666, NULL, &place->listener, NULL);
}

static int teardown(void **state)
{
    struct place *place = *state;
    unix_listener_close(&place->listener);
    /* Fails, and with it the test, if anything was left behind. */
    int left = rmdir(place->dir);
    free(place);
    return left;
}

static int accept_one(const struct place *place)
{
    int fd;
    while ((fd = accept(place->listener.fd, NULL, NULL)) < 0 && errno == EAGAIN)
        usleep(1000);
    return fd;
}

static void peer_is_who_connected(void **state)
{
    struct place *place = *state;
    struct unix_peer peer;
    int client;

    assert_int_equal(unix_connect(place->path, 1000, &client, NULL), 0);
    int fd = accept_one(place);
    assert_int_equal(unix_peer_get(fd, &peer), 0);
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.uid, geteuid());
    assert_true(unix_peer_in_group(fd, getegid()));
    assert_false(unix_peer_in_group(fd, CLUB));
    close(fd);
    close(client);
}

static void groups_are_those_at_connect(void **state)
{
    static const gid_t groups[] = {STRANGER, CLUB};
    struct place *place = *state;
    int ready[2], client;
    char byte;
    if (geteuid() != 0)
        skip();

    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        bool good = !setgroups(2, groups) && !setgid(STRANGER) &&
                    !unix_connect(place->path, 1000, &client, NULL) && !setgroups(0, NULL) &&
                    write(ready[1], "x", 1) == 1;
        _exit(!good);
    }
    int fd = accept_one(place);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_true(unix_peer_in_group(fd, STRANGER));
    assert_true(unix_peer_in_group(fd, CLUB));
    assert_false(unix_peer_in_group(fd, CLUB + 1));
    assert_false(unix_peer_in_group(fd, 0));
    close(fd);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(ready[1]);
}

static void second_listener_is_refused_and_changes_nothing(void **state)
{
    struct place *place = *state;
    struct unix_listener second;
    struct wn_error err;
    char pid[32];
    int client;

    snprintf(pid, sizeof pid, "pid %d", (int)getpid());
    assert_int_equal(unix_listener_open(place->path, 0600, NULL, &second, &err), -EBUSY);
    assert_non_null(strstr(err.text, pid));
    assert_int_equal(unix_connect(place->path, 1000, &client, NULL), 0);
    close(client);
}

static void unknown_group_is_reported_and_ours_is_taken(void **state)
{
    struct place *place = *state;
    struct unix_listener second;
    char path[80];

    snprintf(path, sizeof path, "%s2", place->path);
    assert_int_equal(unix_listener_open(path, 0660, "wn-no-such-group", &second, NULL), 0);
    assert_true(second.own_group);
    assert_false(place->listener.own_group);
    unix_listener_close(&second);
}

static gid_t group_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_gid;
}

static void group_of_the_directory_does_not_become_the_sockets(void **state)
{
    struct place *place = *state;
    struct unix_listener second;
    const struct group *other = getgrnam("bin");
    gid_t bin = other ? other->gr_gid : 0;
    const struct group *own = getgrgid(getegid());
    char path[80], name[40];

    snprintf(path, sizeof path, "%s2", place->path);
    if (geteuid() || !own || !bin)
        skip();
    snprintf(name, sizeof name, "%s", own->gr_name);
    assert_int_equal(chown(place->dir, (uid_t)-1, bin), 0);
    assert_int_equal(chmod(place->dir, 02755), 0);
    assert_int_equal(unix_listener_open(path, 0660, name, &second, NULL), 0);
    assert_int_equal(group_of(path), getegid());
    unix_listener_close(&second);
    assert_int_equal(unix_listener_open(path, 0660, NULL, &second, NULL), 0);
    assert_int_equal(group_of(path), getegid());
    unix_listener_close(&second);
}

static void group_that_is_not_ours_to_give_is_an_error(void **state)
{
    struct place *place = *state;
    struct unix_listener second = {.fd = -1};
    struct wn_error err = {0};
    char path[80];

    snprintf(path, sizeof path, "%s2", place->path);
    if (geteuid() || !getgrnam("bin"))
        skip();
    assert_int_equal(chmod(place->dir, 0777), 0);
    assert_int_equal(setegid(65534) || seteuid(65534), 0);
    int code = unix_listener_open(path, 0660, "bin", &second, &err);
    assert_int_equal(seteuid(0) || setegid(0), 0);
    assert_int_equal(code, -EPERM);
    assert_non_null(strstr(err.text, "group bin"));
    assert_int_equal(second.fd, -1);
    assert_int_equal(access(path, F_OK), -1);
}

static void socket_of_a_successor_is_not_removed(void **state)
{
    struct place *place = *state;
    struct unix_listener second;
    char path[80];
    FILE *file;

    snprintf(path, sizeof path, "%s2", place->path);
    assert_int_equal(unix_listener_open(path, 0660, NULL, &second, NULL), 0);
    assert_int_equal(unlink(path), 0);
    assert_non_null(file = fopen(path, "w"));
    fclose(file);
    unix_listener_close(&second);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(peer_is_who_connected, setup, teardown),
        cmocka_unit_test_setup_teardown(groups_are_those_at_connect, setup, teardown),
        cmocka_unit_test_setup_teardown(second_listener_is_refused_and_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(group_of_the_directory_does_not_become_the_sockets, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(group_that_is_not_ours_to_give_is_an_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(unknown_group_is_reported_and_ours_is_taken, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(socket_of_a_successor_is_not_removed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
