using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>Turns line values into words of pulse slots, in host memory.</summary>
internal static unsafe class TrainSampler
{
    /// <summary>Largest absolute value of a contiguous tensor in host memory; NaN if it holds one.</summary>
    public static float AbsMax(Tensor values)
    {
        var max = AbsMax(new ReadOnlySpan<float>(TensorMemory.Pointer<float>(values), checked((int)values.NumberOfElements)));
        GC.KeepAlive(values);
        return max;
    }

    /// <summary>Largest absolute value of a row; NaN if it holds one.</summary>
    public static float AbsMax(ReadOnlySpan<float> values)
    {
        var work = new AbsMaxWork(values);
        Wide.Run(ref work);
        return work.Result;
    }

    /// <summary>Random trains of one sample: each slot holds a pulse with probability min(|value|·gain, 1), independently.</summary>
    /// <remarks>Of inputs and constant, slots in which no error line has a pulse are left empty: nothing coincides there.</remarks>
    /// <param name="inputs">The input lines.</param>
    /// <param name="errors">The error lines, whose words get the opposite sign.</param>
    /// <param name="constant">The line that is held at 1.</param>
    /// <param name="slots">Number of slots, at most 31.</param>
    /// <param name="key">Key of the random numbers.</param>
    public static void Stochastic(TrainLines inputs, TrainLines errors, TrainLines constant, int slots, ulong key)
    {
        var work = new StochasticWork(inputs, errors, constant, slots, key, isCounted: false);
        Wide.Run(ref work);
    }

    /// <summary>The same with pulses that are counted, p = min(|value|·gain, 1) of them in a slot on average, and one random number for each line.</summary>
    /// <remarks>
    /// Of an error line the first ⌊slots·p⌋ slots hold a pulse, and the next one with the probability that is left over. Of an input line the first n slots hold ⌊u + n·p⌋ pulses,
    /// whatever n is, with u uniform: p is added up from u on, and each time that the sum passes a whole number there is a pulse.
    /// </remarks>
    /// <inheritdoc cref="Stochastic" path="/param"/>
    public static void Counted(TrainLines inputs, TrainLines errors, TrainLines constant, int slots, ulong key)
    {
        var work = new StochasticWork(inputs, errors, constant, slots, key, isCounted: true);
        Wide.Run(ref work);
    }

    /// <summary>Each line holds as many pulses as its value has steps, rounded, at most <paramref name="most"/>, in fixed slots.</summary>
    /// <param name="values">The line values.</param>
    /// <param name="gain">Pulses per unit of value; its sign turns the sign of the words.</param>
    /// <param name="most">Most pulses of a line.</param>
    /// <param name="pattern">Word that k pulses make, for k from 0 to <paramref name="most"/>.</param>
    /// <param name="words">Where the words go; what lies beyond the values becomes 0.</param>
    public static void Slotted(ReadOnlySpan<float> values, float gain, int most, ReadOnlySpan<uint> pattern, Span<uint> words)
    {
        for (var line = 0; line < words.Length; line++)
        {
            var pulses = line < values.Length ? values[line] * gain : 0;
            var count = (int)MathF.Min(MathF.Floor(MathF.Abs(pulses) + 0.5f), most);
            words[line] = pattern[count] | (pulses < 0 ? 0x80000000u : 0);
        }
    }

    /// <summary>Rows of a contiguous tensor in host memory.</summary>
    public readonly ref struct Rows<T>(Tensor tensor, int length) where T : unmanaged
    {
        private readonly T* memory = TensorMemory.Pointer<T>(tensor);
        private readonly int length = length;

        public Span<T> this[int row] => new(memory + (long)row * length, length);
    }

    private ref struct AbsMaxWork(ReadOnlySpan<float> values) : IWideWork
    {
        private readonly ReadOnlySpan<float> values = values;

        public float Result { get; private set; }

        public void Run<T>() where T : struct, IWide<T>
        {
            // The larger bits of two magnitudes are the larger magnitude, and those of NaN are larger than all.
            T magnitude = T.Bits(0x7FFFFFFF), first = 0f, second = 0f;
            var i = 0;
            fixed (float* memory = values)
            {
                for (; i + 2 * T.Width <= values.Length; i += 2 * T.Width)
                {
                    first = T.MaxInt(first, T.Load(memory + i) & magnitude);
                    second = T.MaxInt(second, T.Load(memory + i + T.Width) & magnitude);
                }
            }
            var largest = T.LargestInt(T.MaxInt(first, second));
            for (; i < values.Length; i++)
                largest = Math.Max(largest, BitConverter.SingleToInt32Bits(values[i]) & int.MaxValue);
            Result = BitConverter.Int32BitsToSingle(largest);
        }
    }

    private readonly ref struct StochasticWork(TrainLines inputs, TrainLines errors, TrainLines constant, int slots, ulong key, bool isCounted) : IWideWork
    {
        private const int ManySlots = 16; // from which comparing bit by bit draws less than slot by slot
        private const int FirstLook = 6; // bits after which some register may be decided
        private readonly TrainLines inputs = inputs, errors = errors, constant = constant;

        /// <remarks>The errors come first: in slots that none of them has a pulse in, nothing coincides, and no other line needs to be drawn.</remarks>
        public void Run<T>() where T : struct, IWide<T>
        {
            var source = new Xoshiro<T>(key);
            T certain = 2147483648f, sign = T.Bits(0x80000000u), used = T.Zero;
            var drawn = (1u << slots) - 1;
            Span<float> part = stackalloc float[T.Width];
            for (var kind = 0; kind < 3; kind++)
            {
                var lines = kind == 0 ? errors : kind == 1 ? inputs : constant;
                // Probabilities and random numbers as 31-bit integers: a probability of 1 is 2³¹, above every random number.
                T scale = lines.Gain * (1u << 31), turned = kind == 0 ? sign : T.Zero;
                fixed (float* memory = lines.Values, rest = part)
                fixed (uint* target = lines.Words)
                {
                    for (var start = 0; start < lines.Words.Length; start += T.Width)
                    {
                        T value;
                        if (start + T.Width <= lines.Values.Length)
                        {
                            value = T.Load(memory + start);
                        }
                        else
                        {
                            part.Clear();
                            if (start < lines.Values.Length)
                                lines.Values[start..].CopyTo(part);
                            value = T.Load(rest);
                        }
                        var threshold = T.ToUInt(T.Min(T.Abs(value) * scale, certain));
                        var word = (value ^ turned) & sign;
                        if (isCounted)
                            word |= kind == 0 ? InOrder(ref source, T.Min(T.Abs(value) * lines.Gain, 1f) * (float)slots) : InTurn(ref source, threshold, drawn);
                        else if (drawn != 0 && !T.IsZero(threshold))
                            word |= slots < ManySlots ? BySlot(ref source, threshold, drawn) : ByBit(ref source, threshold, drawn);
                        if (kind == 0)
                            used |= word;
                        T.Store(word, (float*)target + start);
                    }
                }
                if (kind == 0)
                    drawn = AnySlot(used);
            }
        }

        /// <summary>The slots that any lane has a pulse in.</summary>
        private static uint AnySlot<T>(T words) where T : struct, IWide<T>
        {
            var lanes = stackalloc uint[T.Width];
            T.Store(words, (float*)lanes);
            var any = 0u;
            for (var lane = 0; lane < T.Width; lane++)
                any |= lanes[lane];
            return any & TrainPair.Slots;
        }

        /// <summary>One slot after another, with one random number for all of them: only the last slot is left to chance.</summary>
        private T InOrder<T>(ref Xoshiro<T> source, T pulses) where T : struct, IWide<T>
        {
            T word = 0f, whole = 1u << 31, random = source.NextBits() >>> 1;
            for (var slot = 0; slot < slots; slot++)
            {
                var threshold = T.ToUInt(T.Min(T.Max(pulses - (float)slot, 0f), 1f) * whole);
                if (T.IsZero(threshold))
                    break;
                word |= T.LessUInt(random, threshold) & T.Bits(1u << slot);
            }
            return word;
        }

        /// <summary>A slot each time that the probability, added up from a random number on, passes a whole number.</summary>
        private static T InTurn<T>(ref Xoshiro<T> source, T threshold, uint drawn) where T : struct, IWide<T>
        {
            T word = 0f, part = T.Bits(0x7FFFFFFF), sum = source.NextBits() >>> 1;
            for (var slot = 1u; slot <= drawn; slot <<= 1)
            {
                sum = T.AddInt(sum, threshold);
                word |= (sum >> 31) & T.Bits(slot);
                sum &= part;
            }
            return word;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T BySlot<T>(ref Xoshiro<T> source, T threshold, uint drawn) where T : struct, IWide<T>
        {
            var lanes = source; // a copy, which stays in registers
            T word = 0f;
            for (var left = drawn; left != 0; left &= left - 1)
                word |= T.LessUInt(lanes.NextBits() >>> 1, threshold) & T.Bits(left & (0 - left));
            source = lanes;
            return word;
        }

        /// <summary>
        /// The same comparisons, random number against threshold, made for all slots at once from the highest bit down. Each draw gives
        /// every slot one bit; a slot is decided at the first bit that differs, so half of the undecided ones are with each draw.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T ByBit<T>(ref Xoshiro<T> source, T threshold, uint drawn) where T : struct, IWide<T>
        {
            var lanes = source; // a copy, which stays in registers
            // Random numbers have 31 bits, so that a threshold of 2³¹ is above all of them.
            T all = T.Bits(drawn), word = all & (threshold >> 31), undecided = T.AndNot(all, word | T.EqualInt(threshold, T.Zero));
            for (var bit = 1; bit < 32; bit++)
            {
                threshold <<= 1;
                var wanted = threshold >> 31; // all ones where this bit of the threshold is set
                // Even the lowest bit of these is uniform over any 128 draws in a row, which is more than a comparison takes.
                var random = lanes.NextHighBits();
                var decided = undecided & (random ^ wanted);
                word |= decided & wanted;
                undecided ^= decided;
                if (bit >= FirstLook && T.IsZero(undecided))
                    break;
            }
            source = lanes;
            return word;
        }
    }
}

/// <summary>Line values, the gain that makes pulse probabilities of them, and where their words go.</summary>
/// <param name="values">The line values.</param>
/// <param name="gain">Probability per unit of value.</param>
/// <param name="words">The words; a multiple of <see cref="Wide.MostLanes"/> long, what lies beyond the values gets no slot.</param>
internal readonly ref struct TrainLines(ReadOnlySpan<float> values, float gain, Span<uint> words)
{
    public readonly ReadOnlySpan<float> Values = values;
    public readonly float Gain = gain;
    public readonly Span<uint> Words = words;
}
