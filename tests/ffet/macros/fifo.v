// A FIFO of 16 bytes whose words lie in a memory macro, and a running sum of what leaves it.
module fifo(input clk, rst, push, pop, input [7:0] d, output full, output empty, output reg [11:0] sum);
  reg [4:0] head, tail;
  reg valid;
  wire [7:0] q;
  assign empty = head == tail, full = head[3:0] == tail[3:0] && head[4] != tail[4];
  wire take = pop && !empty;
  sram16x8 words (.CK(clk), .WE(push & ~full), .WA(head[3:0]), .RA(tail[3:0]), .D(d), .Q(q));
  always @(posedge clk) begin
    head <= rst ? 0 : head + (push && !full);
    tail <= rst ? 0 : tail + take;
    valid <= take && !rst;
    if (rst) sum <= 0; else if (valid) sum <= sum * 3 + q;
  end
endmodule
