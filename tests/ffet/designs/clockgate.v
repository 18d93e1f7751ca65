module clockgate(input clk, input en, input en2, input [7:0] d, output reg [7:0] q, output reg [7:0] p, output reg [3:0] r);
reg l; always @* if (!clk) l = en; wire g = clk & l, g2;
ICG_X1 cell_of_the_library (.E(en2), .CK(clk), .Q(g2));
always @(posedge g) q <= q + d;
always @(posedge g2) p <= p ^ q;
always @(posedge clk) r <= r + p[3:0];
endmodule
