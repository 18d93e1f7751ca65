module rom(input clk, input [3:0] at, output reg [7:0] word); reg [7:0] store [0:15]; integer i;
initial for (i = 0; i < 16; i = i + 1) store[i] = i * i + 7;
always @(posedge clk) word <= store[at];
endmodule
