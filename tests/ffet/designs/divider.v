module divider(input clk, input start, input [7:0] n, d, output reg [7:0] quotient, remainder, output busy);
reg [3:0] left; reg [7:0] by; assign busy = left != 0; wire [8:0] next = {remainder, quotient[7]}; wire fits = next >= by;
always @(posedge clk) if (start) begin left <= 8; quotient <= n; remainder <= 0; by <= d; end
else if (busy) begin left <= left - 1; remainder <= fits ? next - by : next; quotient <= {quotient[6:0], fits}; end
endmodule
