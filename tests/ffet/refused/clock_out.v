module clock_out(input clk, input d, output reg q, output y); assign y = clk; always @(posedge clk) q <= d; endmodule
