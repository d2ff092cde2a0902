using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Conductance;

public class AnticipationTests
{
    private static readonly MeanAnticipation Day = new() { Time = Units.Day };
    private static readonly float[] Weights = [0, 0.02f, 0.05f, 0.1f, 0.2f, 0.4f, 0.7f, 1];

    public static TheoryData<string> Schemes => ["once", "verified"];

    [Theory]
    [MemberData(nameof(Schemes))]
    public void MeanWeightsOfALaterDayAreLinear(string scheme)
    {
        // 20,000 pairs a weight, which at 0.02 scatter by some 0.01 of the range, and full ones by 0.06: means are good to 5e-4, those of the trial to 8e-4.
        var (bare, anticipated) = (MeansOfADay(new NoAnticipation()), MeansOfADay(Day));
        Assert.InRange(LargestError(bare), 0.008, 1);
        Assert.InRange(LargestError(anticipated), 0, 2e-3);
        Assert.InRange(Relative(bare, 1), 0.5, 0.92); // a weight of 0.02, beside that of 1
        Assert.InRange(Relative(anticipated, 1), 0.97, 1.03);

        static double LargestError(float[] means) => means.Zip(Weights, (mean, weight) => Math.Abs(mean / means[^1] - weight)).Max();

        static double Relative(float[] means, int i) => means[i] / means[^1] / Weights[i];

        float[] MeansOfADay(Anticipation anticipation)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            DeviceWiseProgramming programming = scheme == "once" ? new OneShotProgramming() : new WriteVerifyProgramming();
            var memory = new Pcm90nm { ReadNoiseScale = 0 };
            var task = new ProgrammingTask(tensor(Weights).unsqueeze(1).expand(-1, 20_000).contiguous(), new DifferentialPair(), memory, memory.Range, new NoDefects(), new Rng(7));
            var devices = (programming with { Anticipation = anticipation }).Program(task);
            var aged = devices.Conductances.Select((conductance, place) => memory.Age(conductance, memory.DrawFate(devices.Targets[place], new Rng(8).Split(place)), Units.Day)).ToArray();
            return Bench.Floats(task.Map.Weights(aged, task.Span).mean([1L]));
        }
    }

    [Fact]
    public void OfDevicesThatStayNothingElseIsAsked()
    {
        using var scope = NewDisposeScope();
        var targets = linspace(1e-6f, 25e-6f, 1000);
        var ask = Day.For((asked, _) => asked, (1e-6, 25e-6), CPU);
        Assert.InRange((ask(targets) - targets).abs().max().item<float>(), 0, 1e-6f * 25e-6f);
        Assert.Equal(Bench.Floats(targets), Bench.Floats(new NoAnticipation().For((asked, _) => asked * 2, (1e-6, 25e-6), CPU)(targets)));
    }

    [Fact]
    public void WhatIsAskedRisesWithTheTargetWithinTheRange()
    {
        using var scope = NewDisposeScope();
        var memory = new Pcm90nm();
        var ask = Day.For((asked, time) => memory.Age(memory.Program(asked, new Rng(1)), memory.DrawFate(asked, new Rng(2)), time), memory.Range, CPU);
        var asked = Bench.Floats(ask(linspace(0f, (float)memory.GMax, 500)));
        Assert.Equal(0, asked[0]);
        Assert.Equal((float)memory.GMax, asked[^1]);
        Assert.All(asked.Zip(asked.Skip(1)), pair => Assert.True(pair.First <= pair.Second));
        Assert.True(asked[25] > 1.1 * memory.GMax * 25 / 499); // small ones drift faster, and more is asked of them
    }

    [Fact]
    public void ProgrammingIsJudgedByWhatWasAsked()
    {
        using var layer = Linear(100, 100);
        using var chip = layer.Program(PcmPresets.Inference with { Programming = new WriteVerifyProgramming { Anticipation = Day } }, seed: 1);
        Assert.InRange(chip.Report.FailedFraction, 0, 0.1);
        Assert.InRange(chip.Tiles[0].Tile.Outcome.RmsError, 1e-3, 0.02);
    }
}
