// A 16-bit ALU with a small sequencer: something to synthesise.
module top(input clk, input rst, input [15:0] a, input [15:0] b, input [2:0] op,
           output reg [15:0] y, output reg busy);
  reg [1:0] state;
  wire [15:0] sum = a + b, difference = a - b, product = a * b[7:0];
  always @(posedge clk) begin
    if (rst) begin state <= 0; busy <= 0; y <= 0; end
    else case (state)
      0: begin busy <= 1; state <= op[2] ? 2 : 1; end
      1: begin
        case (op[1:0])
          0: y <= sum;
          1: y <= difference;
          2: y <= a & b;
          3: y <= a ^ b;
        endcase
        state <= 3;
      end
      2: begin
        case (op[1:0])
          0: y <= product;
          1: y <= a << b[3:0];
          2: y <= a >> b[3:0];
          3: y <= {15'b0, a < b};
        endcase
        state <= 3;
      end
      3: begin busy <= 0; state <= 0; end
    endcase
  end
endmodule
