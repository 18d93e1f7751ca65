module undriven(input clk, input [3:0] d, output reg [3:0] q); wire [3:0] w; assign w[1:0] = d[1:0]; always @(posedge clk) q <= w ^ d; endmodule
