/* SPDX-License-Identifier: Apache-2.0 */
/* The list of functions at the beginning of the code, and what is called in the place of their hypercalls (struct
 * graft_function in graft_layout.h). */
    .section .functions, "a"

    .macro function name, entry, call_entry
    .quad \entry, \call_entry
    .asciz "\name"
    .balign 64
    .endm

    function solo5_block_read, graft_block_read, call_block_read
    function solo5_console_write, graft_console_write, call_puts
    function platform_puts, graft_puts, call_puts
    function solo5_net_read, graft_net_read, call_net_read
    function solo5_net_write, graft_net_write, call_net_write
    function solo5_yield, graft_yield, call_poll
    .fill 64

    .text

    /* The port is what a compiler may believe to be in edx still; in dx, if it does not care for the rest. */
    .macro call_entry name, function, port
\name:
    push %rbp
    mov %rsp, %rbp
    .irp register, rax, rcx, rsi, rdi, r8, r9, r10, r11
    push %\register
    .endr
    mov %eax, %edi
    call \function
    .irp register, r11, r10, r9, r8, rdi, rsi, rcx, rax
    pop %\register
    .endr
    pop %rbp
    mov $\port, %edx
    ret
    .endm

    call_entry call_puts, graft_call_puts, 0x502
    call_entry call_poll, graft_call_poll, 0x503
    call_entry call_block_read, graft_call_block_read, 0x505
    call_entry call_net_write, graft_call_net_write, 0x506
    call_entry call_net_read, graft_call_net_read, 0x507

    .section .note.GNU-stack, "", %progbits
