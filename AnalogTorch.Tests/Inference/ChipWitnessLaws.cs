using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Inference;

/// <summary>Outputs of a programmed chip scatter as its memory declares: when it is programmed, later, and from read to read.</summary>
public class ChipWitnessLaws
{
    private const int Outputs = 30_000;

    public static TheoryData<string> Memories => new(Catalog.Variants<MemoryStatistics>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Memories))]
    public void OutputsScatterAsTheMemoryDeclares(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var memory = Catalog.Defaults<MemoryStatistics>().Single(memory => memory.GetType().Name == name);
        using var layer = Linear(1, Outputs, hasBias: false);
        layer.weight!.fill_(1f);
        layer.eval();
        using var chip = layer.Program(new InferenceConfig { Memory = memory, Map = new DifferentialPair() }, seed: Stat.Seed);
        var (min, max) = memory.Range;
        foreach (var time in new[] { 0, Units.Day })
        {
            if (time > 0)
                chip.DriftTo(time);
            var (plus, minus) = (memory.ConductanceMoments(max, time), memory.ConductanceMoments(min, time));
            var (readPlus, readMinus) = (memory.ReadNoise(max, time), memory.ReadNoise(min, time));
            var variance = new[] { plus.Deviation, minus.Deviation, readPlus, readMinus }.Sum(deviation => deviation * deviation);
            var y = Bench.Floats(layer.call(ones(1, 1)).view(-1));
            Stat.Moments([.. y.Select(value => (double)value)], new((plus.Mean - minus.Mean) / (max - min), Math.Sqrt(variance) / (max - min)),
                1e-5, $"outputs with {name} after {time} s");
        }
    }
}
