module uart(input clk, input rst_n, input send, input [7:0] data, output reg line, output busy);
reg [3:0] left; reg [8:0] shift; assign busy = left != 0;
always @(posedge clk or negedge rst_n) if (!rst_n) begin left <= 0; line <= 1; shift <= 0; end
else if (busy) begin line <= shift[0]; shift <= {1'b1, shift[8:1]}; left <= left - 1; end
else if (send) begin shift <= {1'b1, data}; line <= 0; left <= 9; end
endmodule
