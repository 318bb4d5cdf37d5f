	.text
	.file	"g.c"
	.section	filter,"ax",@progbits
	.globl	https                           # -- Begin function https
	.p2align	3
	.type	https,@function
https:                                  # @https
# %bb.0:
	w0 = 0
	if r2 < 38 goto LBB0_8
# %bb.1:
	w2 = *(u8 *)(r1 + 12)
	if w2 != 8 goto LBB0_8
# %bb.2:
	w2 = *(u8 *)(r1 + 13)
	if w2 != 0 goto LBB0_8
# %bb.3:
	w2 = *(u8 *)(r1 + 23)
	if w2 != 6 goto LBB0_8
# %bb.4:
	w2 = *(u16 *)(r1 + 28)
	w4 = *(u16 *)(r1 + 20)
	w4 += w2
	w2 = *(u16 *)(r1 + 24)
	w5 = *(u16 *)(r1 + 16)
	w5 += w2
	w5 += w4
	w2 = *(u16 *)(r1 + 26)
	w4 = *(u16 *)(r1 + 18)
	w4 += w2
	w0 = *(u16 *)(r1 + 22)
	w2 = *(u16 *)(r1 + 14)
	w2 += w0
	w2 += w4
	w2 += w5
	w4 = *(u16 *)(r1 + 30)
	w2 += w4
	w4 = *(u16 *)(r1 + 32)
	w2 += w4
	r4 = 4886718345 ll
	r3 *= r4
	if r3 != r2 goto LBB0_6
# %bb.5:
	w0 = (s8)w2
	goto LBB0_8
LBB0_6:
	w2 = *(u8 *)(r1 + 37)
	w1 = *(u8 *)(r1 + 36)
	w1 <<= 8
	w1 |= w2
	w0 = 1
	if w1 == 443 goto LBB0_8
# %bb.7:
	w0 = 0
LBB0_8:
	exit
.Lfunc_end0:
	.size	https, .Lfunc_end0-https
                                        # -- End function
	.type	l,@object                       # @l
	.section	license,"aw",@progbits
	.globl	l
l:
	.asciz	"GPL"
	.size	l, 4

	.addrsig
	.addrsig_sym https
	.addrsig_sym l
