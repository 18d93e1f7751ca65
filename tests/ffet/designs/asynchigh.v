module asynchigh(input clk, input clear, input en, input [5:0] d, output reg [5:0] q);
always @(posedge clk or posedge clear) if (clear) q <= 6'b101010; else if (en) q <= q ^ d;
endmodule
