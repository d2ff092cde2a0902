using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>Trains that are as long as the largest product of a sample asks for.</summary>
/// <param name="MostSlots">Most slots in a train.</param>
/// <param name="Gain">How probability is shared between the two lines.</param>
internal readonly record struct TrainLength(int MostSlots, TrainGain Gain)
{
    /// <summary>Slots that a word holds.</summary>
    public const int OfWord = 31;

    /// <summary>Draws the trains of one sample.</summary>
    public delegate void Sampler(TrainLines inputs, TrainLines errors, TrainLines constant, int slots, ulong key);

    /// <summary>Slots of a sample.</summary>
    /// <param name="largestInput">Largest |x|, that of a constant input included.</param>
    /// <param name="largestError">Largest |δ|.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="weightStep">Mean weight change (w) by one coincidence.</param>
    public int Of(double largestInput, double largestError, double rate, double weightStep) =>
        (int)Math.Clamp(Math.Ceiling(rate * largestInput * largestError / weightStep), 1, MostSlots);

    /// <summary>Slots of a sample and the probabilities of its two lines, in plain numbers and apart from what draws them.</summary>
    public (double Slots, double Input, double Error) Probabilities(double x, double delta, in TrainSample sample)
    {
        var pulses = sample.Rate / sample.WeightStep;
        var slots = Math.Min(Math.Max(Math.Ceiling(pulses * sample.LargestInput * sample.LargestError), 1), MostSlots);
        var g = Gain.Share(sample.LargestInput, sample.LargestError);
        return (slots, Math.Min(Math.Sqrt(pulses / slots) * g * Math.Abs(x), 1), Math.Min(Math.Sqrt(pulses / slots) / g * Math.Abs(delta), 1));
    }

    /// <summary>Draws the trains of a batch in host memory.</summary>
    public void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains, Sampler sampler)
    {
        trains.Resize((int)x.shape[0], x.device);
        ReadOnlySpan<float> one = [1f];
        var inputs = new TrainSampler.Rows<float>(x, trains.InputCount);
        var errors = new TrainSampler.Rows<float>(delta, trains.OutputCount);
        var inputWords = new TrainSampler.Rows<uint>(trains.Inputs, trains.ForWeights.InputStride);
        var errorWords = new TrainSampler.Rows<uint>(trains.Outputs, trains.ForWeights.OutputStride);
        var biasWords = new TrainSampler.Rows<uint>(trains.Bias, trains.ForBias.OutputStride);
        for (var sample = 0; sample < trains.Samples; sample++)
        {
            var (largest, error) = (MathF.Max(TrainSampler.AbsMax(inputs[sample]), trains.HasBias ? 1 : 0), TrainSampler.AbsMax(errors[sample]));
            var slots = Of(largest, error, rate, weightStep);
            var (gain, share) = ((float)Math.Sqrt(rate / (slots * weightStep)), Gain.InputShare(largest, error));
            sampler(
                new(inputs[sample], gain * share, inputWords[sample]), new(errors[sample], gain / share, errorWords[sample]), new(one, gain * share, biasWords[sample]),
                slots, rng.Split(sample).Key);
            trains.SlotsSent += slots;
        }
    }

    /// <summary>Draws the trains of a batch in the memory of a torch device.</summary>
    public void DrawOnDevice(Tensor x, Tensor delta, double ratePerStep, Rng rng, PulseTrains trains, bool isCounted)
    {
        var most = MostSlots;
        trains.Resize((int)x.shape[0], x.device);
        using var scope = NewDisposeScope();
        var (largest, error) = (x.abs().amax([1], keepdim: true).clamp_min_(trains.HasBias ? 1 : 0), delta.abs().amax([1], keepdim: true));
        var slots = (largest * error * (float)ratePerStep).ceil_().clamp_(1, most);
        var (gain, share) = (((float)ratePerStep / slots).sqrt_(), Gain.InputShare(largest, error));
        Fill(trains.Inputs, x * share * gain, "x", InTurn);
        Fill(trains.Outputs, -delta / share * gain, "delta", InOrder);
        Fill(trains.Bias, share * gain, "bias", InTurn);
        trains.SlotsSent += slots.sum().to(ScalarType.Int64).item<long>();

        // As the sampler of host memory has them: errors first, inputs in turn.
        Tensor InOrder(Tensor wanted, Tensor place, Rng stream) => Noise.Uniform(stream, wanted.shape, x.device) < wanted * slots - place;

        Tensor InTurn(Tensor wanted, Tensor place, Rng stream)
        {
            var start = Noise.Uniform(stream, wanted.shape, x.device);
            return ((start + (place + 1) * wanted).floor_() > (start + place * wanted).floor_()).logical_and_(place < slots);
        }

        Tensor ByChance(Tensor wanted, Tensor place, Rng stream) => (Noise.Uniform(stream, [most, .. wanted.shape], x.device) < wanted).logical_and_(place < slots);

        void Fill(Tensor words, Tensor probabilities, string name, Func<Tensor, Tensor, Rng, Tensor> counted)
        {
            words.zero_();
            var place = arange(most, ScalarType.Int32, x.device).view(-1, 1, 1);
            var wanted = probabilities.abs().clamp_max_(1f);
            var hit = (isCounted ? counted : ByChance)(wanted, place, rng.Split(name));
            var bits = (hit.to(ScalarType.Int32) * ones_like(place).bitwise_left_shift(place)).sum(0, type: ScalarType.Int32);
            var signed = where(probabilities < 0, bits | int.MinValue, bits);
            words.narrow(0, 0, signed.shape[0]).narrow(1, 0, signed.shape[1]).copy_(signed);
        }
    }
}
