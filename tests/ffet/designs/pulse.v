module pulse(input clk, input rst_n, input [7:0] d, output reg [7:0] q); reg [7:0] h, m;
always @(posedge clk or negedge rst_n) if (!rst_n) h <= 0; else h <= d * 3;
always @* if (clk) m = h + 1;
always @(posedge clk) q <= m ^ h;
endmodule
