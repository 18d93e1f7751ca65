module latch_race(input g, input [3:0] d, output reg [3:0] q); always @* if (g) q = q + d; endmodule
