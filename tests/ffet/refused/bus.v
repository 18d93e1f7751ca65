module bus(input clk, input [1:0] en, input [3:0] a, b, output reg [3:0] q); wire [3:0] w; assign w = en[0] ? a : 4'bz; assign w = en[1] ? b : 4'bz; always @(posedge clk) q <= w; endmodule
