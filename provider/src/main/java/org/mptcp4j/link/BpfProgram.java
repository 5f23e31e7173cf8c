package org.mptcp4j.link;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A classic BPF program (the kernel's Documentation/networking/filter.rst). Immutable. */
final class BpfProgram {
  /** The kernel refuses longer ones (BPF_MAXINSNS). */
  static final int MAX_LENGTH = 4096;

  /** Offsets from here on count from the IP header, whatever link header stands before it. */
  static final int NET = -0x100000;

  /** Offsets from here on name facts about the packet rather than its bytes. */
  private static final int AD = -0x1000;

  static final int AD_PROTOCOL = AD;
  static final int AD_IFINDEX = AD + 8;

  static final int LD_IMM = 0x00;
  static final int LD_WORD_ABS = 0x20;
  static final int LD_HALF_ABS = 0x28;
  static final int LD_BYTE_ABS = 0x30;
  static final int LD_HALF_IND = 0x48;
  static final int LD_BYTE_IND = 0x50;
  static final int LD_LENGTH = 0x80;
  static final int LD_MEM = 0x60;
  static final int LDX_IMM = 0x01;
  static final int ST = 0x02;
  static final int AND = 0x54;
  static final int ADD = 0x04;
  static final int ADD_X = 0x0c;
  static final int LSH = 0x64;
  static final int JA = 0x05;
  static final int JEQ = 0x15;
  static final int JGT = 0x25;
  static final int JGE = 0x35;
  static final int JSET = 0x45;
  static final int RET = 0x06;
  static final int TAX = 0x07;

  /** One instruction: operation, jumps when true and when false, operand. */
  record Instruction(int code, int jumpTrue, int jumpFalse, int operand) {}

  private final List<Instruction> instructions;

  private BpfProgram(List<Instruction> instructions) {
    if (instructions.size() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "a filter of " + instructions.size() + " instructions; at most " + MAX_LENGTH);
    }
    this.instructions = List.copyOf(instructions);
  }

  int length() {
    return instructions.size();
  }

  List<Instruction> instructions() {
    return instructions;
  }

  /** As struct sock_filter[]. */
  ByteBuffer toNative() {
    ByteBuffer memory = Native.allocate(instructions.size() * 8);
    for (Instruction i : instructions) {
      memory.putShort((short) i.code);
      memory.put((byte) i.jumpTrue);
      memory.put((byte) i.jumpFalse);
      memory.putInt(i.operand);
    }
    return memory.clear();
  }

  /** A place in the program to jump to; placed once. */
  static final class Label {
    private int position = -1;
  }

  /** Writes a program front to back; jumps go forward only, to labels placed later. */
  static final class Builder {
    private record Pending(Instruction instruction, Label whenTrue, Label whenFalse) {}

    private final List<Pending> code = new ArrayList<>();

    Builder add(int operation, int operand) {
      code.add(new Pending(new Instruction(operation, 0, 0, operand), null, null));
      return this;
    }

    /** A conditional jump; null falls through to the next instruction. */
    Builder branch(int operation, int operand, Label whenTrue, Label whenFalse) {
      code.add(new Pending(new Instruction(operation, 0, 0, operand), whenTrue, whenFalse));
      return this;
    }

    Builder jump(Label target) {
      code.add(new Pending(new Instruction(JA, 0, 0, 0), target, null));
      return this;
    }

    Builder place(Label label) {
      label.position = code.size();
      return this;
    }

    int size() {
      return code.size();
    }

    BpfProgram build() {
      List<Instruction> result = new ArrayList<>(code.size());
      for (int at = 0; at < code.size(); at++) {
        Pending p = code.get(at);
        Instruction i = p.instruction;
        if (i.code == JA) {
          result.add(new Instruction(JA, 0, 0, distance(at, p.whenTrue)));
        } else {
          result.add(
              new Instruction(i.code, near(at, p.whenTrue), near(at, p.whenFalse), i.operand));
        }
      }
      return new BpfProgram(result);
    }

    private static int near(int at, Label label) {
      int distance = label == null ? 0 : distance(at, label);
      if (distance > 255) {
        throw new IllegalStateException("a conditional jump over " + distance + " instructions");
      }
      return distance;
    }

    private static int distance(int at, Label label) {
      if (label.position <= at) {
        throw new IllegalStateException("a jump to a label that is not ahead");
      }
      return label.position - at - 1;
    }
  }
}
