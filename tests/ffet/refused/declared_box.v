(* blackbox *) module sram(input clk, input d, output q); endmodule
module declared_box(input clk, input d, output reg q); wire w; sram s (.clk(clk), .d(d), .q(w)); always @(posedge clk) q <= w; endmodule
