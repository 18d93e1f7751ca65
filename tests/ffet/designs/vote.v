module vote(input [6:0] a, b, c, output [6:0] y, output agree, output one, input spare); assign y = a & b | b & c | a & c, agree = a == b && b == c, one = 1'b1; endmodule
