module asyncload(input clk, input set_n, input rst_n, input d, output reg q, output reg p);
always @(posedge clk or negedge rst_n or negedge set_n) if (!rst_n) q <= 0; else if (!set_n) q <= 1; else q <= d;
always @(posedge clk or negedge set_n) if (!set_n) p <= 1; else p <= q;
endmodule
