module gray #(parameter WIDTH = 6) (input clk, input rst, output [WIDTH-1:0] code);
reg [WIDTH-1:0] n; assign code = n ^ (n >> 1);
always @(posedge clk) n <= rst ? 0 : n + 1;
endmodule
