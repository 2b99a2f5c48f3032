/* SPDX-License-Identifier: Apache-2.0 */
/* The first instruction. %rdi holds the address of the boot information, %rsp the top of guest memory. */
    .section .text.start, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    xor %ebp, %ebp          /* the outermost frame, for whoever walks the stack */
    and $-16, %rsp
    call boot_enter
    ud2
    .size _start, . - _start

    .section .note.GNU-stack, "", @progbits
