// Registers under several names, vectors of which only a part is one, ranges that begin elsewhere.
module partly(input clk, rst, input [7:4] step, input go, output [5:2] at, output reg done, output [0:2] back);
  reg [6:2] count;
  reg [0:2] turn;
  reg twin;
  wire busy = |count[4:2];
  assign at = count[5:2], back = turn;
  always @(posedge clk) begin
    count <= rst ? 5'd0 : count + {1'b0, step & {4{go | twin}}};
    twin <= done & ~rst;
    done <= busy & (count[6:5] == 2'b10);
    turn <= rst ? 3'b001 : {turn[1:2], turn[0]};
  end
endmodule
