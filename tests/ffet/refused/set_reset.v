module set_reset(input s, r, output q, p); assign q = ~(r | p), p = ~(s | q); endmodule
