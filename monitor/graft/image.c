/* SPDX-License-Identifier: Apache-2.0 */
/* The linked code as bytes of the monitor. GRAFT_IMAGE is its file. */
__asm__(".pushsection .rodata\n"
        "    .balign 32\n"
        "    .globl graft_image, graft_image_end\n"
        "graft_image:\n"
        "    .incbin \"" GRAFT_IMAGE "\"\n"
        "graft_image_end:\n"
        ".popsection\n");
