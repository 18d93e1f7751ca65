module fifo(input clk, input rst, input push, input pop, input [3:0] d, output [3:0] q, output full, empty);
reg [3:0] store [0:3]; reg [2:0] head, tail;
assign empty = head == tail, full = head[1:0] == tail[1:0] && head[2] != tail[2], q = store[tail[1:0]];
always @(posedge clk) begin if (push && !full) store[head[1:0]] <= d;
if (rst) begin head <= 0; tail <= 0; end else begin if (push && !full) head <= head + 1; if (pop && !empty) tail <= tail + 1; end end
endmodule
