package org.mptcp4j.link;

import java.nio.ByteBuffer;
import org.mptcp4j.link.BpfProgram.Instruction;

/** Runs the classic BPF programs of the link as the kernel would. */
final class BpfMachine {
  private final BpfProgram program;

  BpfMachine(BpfProgram program) {
    this.program = program;
  }

  /** What the program answers for a frame with a link header of the given length. */
  int run(byte[] frame, int linkHeader, int protocol, int interfaceIndex) {
    ByteBuffer b = ByteBuffer.wrap(frame);
    int a = 0;
    int x = 0;
    int[] memory = new int[16];
    for (int pc = 0; ; pc++) {
      Instruction i = program.instructions().get(pc);
      int k = i.operand();
      switch (i.code()) {
        case BpfProgram.LD_WORD_ABS -> {
          if (k == BpfProgram.AD_PROTOCOL) {
            a = protocol;
          } else if (k == BpfProgram.AD_IFINDEX) {
            a = interfaceIndex;
          } else {
            throw new IllegalStateException("loads a word at " + k);
          }
        }
        case BpfProgram.LD_HALF_ABS, BpfProgram.LD_HALF_IND -> {
          int at = k - BpfProgram.NET + linkHeader + (i.code() == BpfProgram.LD_HALF_IND ? x : 0);
          if (at + 2 > frame.length) {
            return 0;
          }
          a = b.getShort(at) & 0xffff;
        }
        case BpfProgram.LD_BYTE_ABS, BpfProgram.LD_BYTE_IND -> {
          int at = k - BpfProgram.NET + linkHeader + (i.code() == BpfProgram.LD_BYTE_IND ? x : 0);
          if (at >= frame.length) {
            return 0;
          }
          a = b.get(at) & 0xff;
        }
        case BpfProgram.LD_LENGTH -> a = frame.length;
        case BpfProgram.LD_IMM -> a = k;
        case BpfProgram.LD_MEM -> a = memory[k];
        case BpfProgram.LDX_IMM -> x = k;
        case BpfProgram.ST -> memory[k] = a;
        case BpfProgram.AND -> a &= k;
        case BpfProgram.ADD -> a += k;
        case BpfProgram.ADD_X -> a += x;
        case BpfProgram.LSH -> a <<= k;
        case BpfProgram.TAX -> x = a;
        case BpfProgram.JA -> pc += k;
        case BpfProgram.JEQ -> pc += a == k ? i.jumpTrue() : i.jumpFalse();
        case BpfProgram.JGT ->
            pc += Integer.compareUnsigned(a, k) > 0 ? i.jumpTrue() : i.jumpFalse();
        case BpfProgram.JGE ->
            pc += Integer.compareUnsigned(a, k) >= 0 ? i.jumpTrue() : i.jumpFalse();
        case BpfProgram.JSET -> pc += (a & k) != 0 ? i.jumpTrue() : i.jumpFalse();
        case BpfProgram.RET -> {
          return k;
        }
        default -> throw new IllegalStateException("operation " + i.code());
      }
    }
  }
}
