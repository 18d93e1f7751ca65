module lfsr(input clk, input rst_n, output reg [15:0] state);
always @(posedge clk or negedge rst_n) if (!rst_n) state <= 16'hace1; else state <= {state[14:0], state[15] ^ state[13] ^ state[12] ^ state[10]};
endmodule
