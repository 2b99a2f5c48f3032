/* SPDX-License-Identifier: Apache-2.0 */
/* The list of functions at the beginning of the code (struct graft_function in graft_layout.h). */
    .section .functions, "a"

    .macro function name, entry
    .quad \entry
    .asciz "\name"
    .balign 32
    .endm

    function solo5_block_read, graft_block_read
    function solo5_console_write, graft_console_write
    function platform_puts, graft_puts
    function solo5_net_read, graft_net_read
    function solo5_net_write, graft_net_write
    function solo5_yield, graft_yield
    .fill 32

    .section .note.GNU-stack, "", %progbits
