module latch_enable(input clk, input en, input [3:0] d, output reg [3:0] q); reg [3:0] l; always @* if (en & q[0]) l = d; always @(posedge clk) q <= l; endmodule
