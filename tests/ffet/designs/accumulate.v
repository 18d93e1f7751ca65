module accumulate(input clk, input clear, input enable, input [11:0] d, output reg [15:0] sum, output reg odd);
always @(posedge clk) if (clear) sum <= 0; else if (enable) sum <= sum + d;
always @(posedge clk) odd <= ^sum;
endmodule
