module multiply(input clk, input signed [4:0] a, b, output reg signed [9:0] p); always @(posedge clk) p <= a * b; endmodule
