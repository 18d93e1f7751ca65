module falling(input clk_n, input [7:0] d, output reg [7:0] q); reg [7:0] h;
always @(negedge clk_n) begin h <= d * 3; q <= h + 1; end
endmodule
