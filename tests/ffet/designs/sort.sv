module sort(input logic clk, input logic [15:0] in, output logic [15:0] out);
typedef enum logic [1:0] {PAIRS, CROSS, MIDDLE, DONE} step_t;
logic [3:0] v [4]; step_t step; logic [3:0] t; int i;
always_comb begin
  t = 0;
  for (i = 0; i < 4; i++) v[i] = in[4*i +: 4];
  if (v[0] > v[1]) begin t = v[0]; v[0] = v[1]; v[1] = t; end
  if (v[2] > v[3]) begin t = v[2]; v[2] = v[3]; v[3] = t; end
  if (v[0] > v[2]) begin t = v[0]; v[0] = v[2]; v[2] = t; end
  if (v[1] > v[3]) begin t = v[1]; v[1] = v[3]; v[3] = t; end
  if (v[1] > v[2]) begin t = v[1]; v[1] = v[2]; v[2] = t; end
end
always_ff @(posedge clk) begin step <= step == DONE ? PAIRS : step + 1; out <= step == MIDDLE ? {v[3], v[2], v[1], v[0]} : out; end
endmodule
