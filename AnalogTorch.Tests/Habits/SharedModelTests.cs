using AnalogTorch.Layers;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Habits;

/// <summary>One evaluated model called by several threads: every answer is that of one thread.</summary>
public class SharedModelTests
{
    private const int Threads = 8, Calls = 250; // ANALOGTORCH_LONG=1: 10,000 calls a thread

    public static TheoryData<string, string> Cells =>
        Rows(from way in HabitWay.All from kind in HabitKind.All select (way.Name, kind.Name));

    [Theory]
    [MemberData(nameof(Cells))]
    public void EveryAnswerIsThatOfOneThread(string wayName, string kindName)
    {
        var kind = HabitKind.All.Single(kind => kind.Name == kindName);
        using var layer = kind.Fresh();
        using var chip = HabitWay.All.Single(way => way.Name == wayName).Convert(layer);
        Assert.Equal(0, Wrong(kind, layer));
    }

    [Fact]
    public void ConvertersAndUnitsOfOutputsAreShared()
    {
        var kind = HabitKind.All.Single(kind => kind.Name == "a network");
        using var layer = kind.Fresh();
        layer.ToAnalog(new HardwareAwareConfig
        {
            Forward = PcmPresets.EightBitPath with { OutputNoise = 0, Scaling = new AbsMaxScaling() },
            Range = new OutputMaximum(),
        }, seed: 1);
        Assert.Equal(0, Wrong(kind, layer));
    }

    private static int Wrong(HabitKind kind, nn.Module layer)
    {
        layer.eval();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var inputs = Enumerable.Range(0, Threads).Select(kind.Input).ToArray();
        var expected = inputs.Select(input => kind.Run(layer, input)).ToArray();
        var calls = Environment.GetEnvironmentVariable("ANALOGTORCH_LONG") == "1" ? 10_000 : Calls;
        var wrong = 0;
        var threads = inputs.Select((input, index) => new Thread(() =>
        {
            using var alsoNoGrad = no_grad();
            for (var call = 0; call < calls; call++)
            {
                try
                {
                    using var inner = NewDisposeScope();
                    if (!kind.Run(layer, input).equal(expected[index]).all().item<bool>())
                        Interlocked.Increment(ref wrong);
                }
                catch (Exception)
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        return wrong;
    }

    private static TheoryData<string, string> Rows(IEnumerable<(string, string)> rows)
    {
        var data = new TheoryData<string, string>();
        foreach (var (way, other) in rows)
            data.Add(way, other);
        return data;
    }
}
