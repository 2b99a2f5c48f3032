/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/stub.h"

#include "abi/boot.h"
#include "gdb/hex.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ERROR_ARGUMENT "E16" /* EINVAL; gdb shows the number, if at all */
#define ERROR_ADDRESS  "E0e" /* EFAULT */
#define ERROR_ROOM     "E1c" /* ENOSPC */

static void reply_text(struct stub_reply *reply, const char *text)
{
    reply->size = strlen(text);
    memcpy(reply->bytes, text, reply->size);
}

/* ---- stops ---- */

__attribute__((format(printf, 2, 3))) static void set_stop(struct stub *stub, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(stub->stop, sizeof(stub->stop), fmt, args);
    va_end(args);
    stub->stop_size = n > 0 ? (size_t)n : 0;
}

void stub_stop(struct stub *stub, enum stub_signal signal, const char *why)
{
    set_stop(stub, "T%02x%s%sthread:1;", (unsigned)signal, why != NULL ? why : "", why != NULL ? ":;" : "");
}

void stub_stop_at_watch(struct stub *stub, const struct watchpoint *watch)
{
    set_stop(stub, "T%02x%s:%llx;thread:1;", (unsigned)STUB_SIGTRAP,
             watch->kind == WATCH_WRITE ? "watch" : "awatch", (unsigned long long)watch->address);
}

static void reply_stop(const struct stub *stub, struct stub_reply *reply)
{
    reply->size = stub->stop_size;
    memcpy(reply->bytes, stub->stop, stub->stop_size);
}

/* ---- registers ---- */

static void read_all(const struct stub *stub, struct stub_reply *reply)
{
    uint8_t value[REGISTERS_BYTES_MAX];

    reply->size = 0;
    for (unsigned n = 0; n < registers_count; n++) {
        size_t size = registers_get(&stub->registers, n, value);
        hex_encode(value, size, reply->bytes + reply->size);
        reply->size += 2 * size;
    }
}

/* Values that cannot be set are passed over: gdb gives back all that it was given. */
static void write_all(struct stub *stub, const char *text, size_t size, struct stub_reply *reply)
{
    struct registers changed = stub->registers;
    uint8_t value[REGISTERS_BYTES_MAX];

    for (unsigned n = 0; n < registers_count; n++) {
        size_t bytes = registers_get(&stub->registers, n, value);
        if (size < 2 * bytes || !hex_decode(text, value, bytes)) {
            reply_text(reply, ERROR_ARGUMENT);
            return;
        }
        (void)registers_set(&changed, n, value, bytes);
        text += 2 * bytes;
        size -= 2 * bytes;
    }
    stub->registers = changed;
    reply_text(reply, "OK");
}

static void read_one(const struct stub *stub, const char *text, struct stub_reply *reply)
{
    uint8_t value[REGISTERS_BYTES_MAX];
    uint64_t n;

    size_t size =
        hex_scan(&text, &n) && n < registers_count ? registers_get(&stub->registers, (unsigned)n, value) : 0;
    if (size == 0) {
        reply_text(reply, ERROR_ARGUMENT);
        return;
    }
    hex_encode(value, size, reply->bytes);
    reply->size = 2 * size;
}

static void write_one(struct stub *stub, const char *text, struct stub_reply *reply)
{
    uint8_t value[REGISTERS_BYTES_MAX];
    uint64_t n;
    bool is_done = hex_scan(&text, &n) && n < registers_count && *text == '=';

    if (is_done) {
        size_t size = strlen(text + 1) / 2;
        is_done = size <= sizeof(value) && hex_decode(text + 1, value, size) &&
                  registers_set(&stub->registers, (unsigned)n, value, size);
    }
    reply_text(reply, is_done ? "OK" : ERROR_ARGUMENT);
}

/* ---- memory ---- */

/* "ADDRESS,LENGTH" at *text, which is moved behind it. */
static bool scan_range(const char **text, uint64_t *out_address, uint64_t *out_len)
{
    if (!hex_scan(text, out_address) || **text != ',')
        return false;
    (*text)++;
    return hex_scan(text, out_len);
}

/* As much as there is from the start of the range: at the end of memory, and in one packet. */
static void read_memory(const struct stub *stub, const char *text, struct stub_reply *reply)
{
    uint64_t address, len;

    if (!scan_range(&text, &address, &len)) {
        reply_text(reply, ERROR_ARGUMENT);
        return;
    }
    if (len > sizeof(reply->bytes) / 2)
        len = sizeof(reply->bytes) / 2;
    if (address < stub->mem->size && len > stub->mem->size - address)
        len = stub->mem->size - address;
    const void *bytes = guest_mem_borrow(stub->mem, (struct gpa){address}, len);
    if (bytes == NULL) {
        reply_text(reply, ERROR_ADDRESS);
        return;
    }
    hex_encode(bytes, len, reply->bytes);
    reply->size = 2 * len;
}

/* The debugger has rights that the guest has not: it writes code. */
static void *borrow_any(const struct stub *stub, uint64_t address, uint64_t len)
{
    if (address < GUEST_MIN_BASE || guest_mem_borrow(stub->mem, (struct gpa){address}, len) == NULL)
        return NULL;
    return guest_mem_at(stub->mem, address, len);
}

/* "ADDRESS,LENGTH:BYTES"; M has them in digits, X as they are. */
static void write_memory(const struct stub *stub, const char *text, const char *end, bool is_binary,
                         struct stub_reply *reply)
{
    uint64_t address, len;
    bool is_range = scan_range(&text, &address, &len) && *text == ':';

    text += is_range;
    if (!is_range || len > PACKET_SIZE || (uint64_t)(end - text) != (is_binary ? len : 2 * len)) {
        reply_text(reply, ERROR_ARGUMENT);
        return;
    }
    void *to = borrow_any(stub, address, len);
    if (to == NULL) {
        reply_text(reply, ERROR_ADDRESS);
        return;
    }
    if (is_binary)
        memcpy(to, text, len);
    else if (!hex_decode(text, to, len)) {
        reply_text(reply, ERROR_ARGUMENT);
        return;
    }
    reply_text(reply, "OK");
}

/* ---- breakpoints ---- */

enum point { POINT_BREAK = 0, POINT_HARDWARE_BREAK, POINT_WRITE, POINT_READ, POINT_ACCESS };

static void change_break(struct stub *stub, bool is_added, uint64_t address, struct stub_reply *reply)
{
    if (borrow_any(stub, address, 1) == NULL)
        reply_text(reply, ERROR_ADDRESS);
    else if (!is_added) {
        breakpoints_remove(&stub->breakpoints, address);
        reply_text(reply, "OK");
    } else
        reply_text(reply, breakpoints_add(&stub->breakpoints, address) ? "OK" : ERROR_ROOM);
}

static void change_watch(struct stub *stub, bool is_added, const struct watchpoint *watch,
                         struct stub_reply *reply)
{
    if (is_added && !breakpoints_add_watch(&stub->breakpoints, watch)) {
        reply_text(reply, ERROR_ROOM);
        return;
    }
    if (!is_added)
        breakpoints_remove_watch(&stub->breakpoints, watch);
    reply_text(reply, "OK");
}

/* "TYPE,ADDRESS,KIND". The x86 cannot watch for reads alone, and gdb then asks for accesses. */
static void change_point(struct stub *stub, const char *text, bool is_added, struct stub_reply *reply)
{
    uint64_t type, address, kind;

    if (!hex_scan(&text, &type) || *text++ != ',' || !scan_range(&text, &address, &kind)) {
        reply_text(reply, ERROR_ARGUMENT);
        return;
    }
    if (type == POINT_BREAK || type == POINT_HARDWARE_BREAK)
        change_break(stub, is_added, address, reply);
    else if (type == POINT_WRITE || (type == POINT_ACCESS && stub->can_watch_access)) {
        struct watchpoint watch = {.address = address,
                                   .len = kind <= 8 ? (uint8_t)kind : 0,
                                   .kind = type == POINT_WRITE ? WATCH_WRITE : WATCH_ACCESS};
        change_watch(stub, is_added, &watch, reply);
    }
}

/* ---- going on ---- */

/* "[ADDRESS]"; with a signal "SIGNAL[;ADDRESS]". */
static bool set_resumption(struct stub *stub, const char *text, bool has_signal)
{
    uint64_t address, signal = 0;

    if (has_signal && !hex_scan(&text, &signal))
        return false;
    if (has_signal && *text == ';')
        text++;
    if (*text != '\0') {
        if (!hex_scan(&text, &address))
            return false;
        stub->registers.general.rip = address;
    }
    stub->passes_signal = signal != 0;
    return true;
}

static enum stub_action resume(struct stub *stub, const char *payload, struct stub_reply *reply)
{
    bool has_signal = payload[0] == 'C' || payload[0] == 'S';

    if (!set_resumption(stub, payload + 1, has_signal)) {
        reply_text(reply, ERROR_ARGUMENT);
        return STUB_REPLY;
    }
    return payload[0] == 'c' || payload[0] == 'C' ? STUB_CONTINUE : STUB_STEP;
}

/* ---- questions ---- */

static bool has_prefix(const char *payload, const char *prefix)
{
    return strncmp(payload, prefix, strlen(prefix)) == 0;
}

/* "OFFSET,LENGTH" of the description. `l` says that it was the last part, `m` that there is more. */
static void read_description(const char *text, struct stub_reply *reply)
{
    const char *description = registers_describe();
    size_t size = strlen(description);
    uint64_t off, len;

    if (!scan_range(&text, &off, &len) || off > size) {
        reply_text(reply, ERROR_ARGUMENT);
        return;
    }
    if (len > sizeof(reply->bytes) - 1)
        len = sizeof(reply->bytes) - 1;
    bool is_last = len >= size - off;
    if (is_last)
        len = size - off;
    reply->bytes[0] = is_last ? 'l' : 'm';
    memcpy(reply->bytes + 1, description + off, len);
    reply->size = 1 + len;
}

static void answer_question(struct stub *stub, const char *payload, struct stub_reply *reply)
{
    static const char xfer[] = "qXfer:features:read:target.xml:";
    static const struct {
        const char *question;
        const char *answer;
    } constant[] = {{"qAttached", "0"}, /* the guest was started for this: it ends with the debugger */
                    {"qC", "QC1"},
                    {"qfThreadInfo", "m1"},
                    {"qsThreadInfo", "l"}};

    if (has_prefix(payload, "qSupported")) {
        char text[128];
        snprintf(text, sizeof(text), "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+",
                 PACKET_SIZE);
        reply_text(reply, text);
    } else if (has_prefix(payload, xfer))
        read_description(payload + strlen(xfer), reply);
    else if (strcmp(payload, "QStartNoAckMode") == 0) {
        stub->has_no_acks = true;
        reply_text(reply, "OK");
    } else {
        for (size_t i = 0; i < sizeof(constant) / sizeof(constant[0]); i++)
            if (strcmp(payload, constant[i].question) == 0 || (i == 0 && has_prefix(payload, "qAttached:")))
                reply_text(reply, constant[i].answer);
    }
}

enum stub_action stub_handle(struct stub *stub, const char *payload, size_t size, struct stub_reply *reply)
{
    reply->size = 0;
    switch (payload[0]) {
    case '?':
        reply_stop(stub, reply);
        break;
    case 'g':
        read_all(stub, reply);
        break;
    case 'G':
        write_all(stub, payload + 1, size - 1, reply);
        break;
    case 'p':
        read_one(stub, payload + 1, reply);
        break;
    case 'P':
        write_one(stub, payload + 1, reply);
        break;
    case 'm':
        read_memory(stub, payload + 1, reply);
        break;
    case 'M':
    case 'X':
        write_memory(stub, payload + 1, payload + size, payload[0] == 'X', reply);
        break;
    case 'Z':
    case 'z':
        change_point(stub, payload + 1, payload[0] == 'Z', reply);
        break;
    case 'c':
    case 'C':
    case 's':
    case 'S':
        return resume(stub, payload, reply);
    case 'H': /* there is one thread */
    case 'T':
        reply_text(reply, "OK");
        break;
    case 'q':
    case 'Q':
        answer_question(stub, payload, reply);
        break;
    case 'D':
        reply_text(reply, "OK");
        return STUB_DETACH;
    case 'k':
        return STUB_KILL;
    case 'v':
        if (!has_prefix(payload, "vKill;"))
            break;
        reply_text(reply, "OK");
        return STUB_KILL;
    default:
        break;
    }
    return STUB_REPLY;
}
