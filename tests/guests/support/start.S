/* SPDX-License-Identifier: Apache-2.0 */
#include "abi_constants.h"

    .section .text.start, "ax"
    .globl  _start
_start:
    /* %rdi holds the boot information, the first argument. The stack is as a call would have left it. */
    sub     $8, %rsp
    call    guest_main
    /* struct hc_halt: no cookie, the result as exit status. */
    sub     $16, %rsp
    movq    $0, (%rsp)
    mov     %eax, 8(%rsp)
    mov     %esp, %eax
    mov     $HALT_PORT, %dx
    out     %eax, %dx
1:  jmp     1b

    .section .note.GNU-stack, "", @progbits
