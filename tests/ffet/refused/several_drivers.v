module several_drivers(input clk, input a, b, output reg q); wire w; assign w = a; assign w = b & a; always @(posedge clk) q <= w; endmodule
