module clock_as_data(input clk, input d, output reg q, output y); assign y = clk & d; always @(posedge clk) q <= d; endmodule
