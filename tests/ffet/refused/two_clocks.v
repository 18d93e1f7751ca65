module two_clocks(input clk_a, clk_b, input d, output reg q); reg h; always @(posedge clk_a) h <= d; always @(posedge clk_b) q <= h; endmodule
