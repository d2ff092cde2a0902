using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Kernels;

/// <summary>Tests that change the number of torch's threads, and so run alone.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public class Alone;

[Collection(nameof(Alone))]
public class ThreadTests
{
    public static TheoryData<string> Devices => new(Bench.Devices);

    [Theory]
    [MemberData(nameof(Devices))]
    public void TheFusedEngineGivesTheSameBitsOnAnyNumberOfThreads(string device)
    {
        // 300·251·8 = 602,400 element·samples, above the number from which the engine starts threads.
        var (one, two) = (Run(1), Run(2));
        Assert.Equal(one.Values, two.Values);
        Assert.Equal(one.Pulses, two.Pulses);

        (float[] Values, long Pulses) Run(int threads)
        {
            set_num_threads(threads);
            try
            {
                using var scope = NewDisposeScope();
                var rng = Rng.FromSeed(1);
                var target = Bench.Target(Bench.Device(device), rng, 300, 251);
                Bench.Device(device).Accept(Engines.All[0].Update(target, Bench.Trains(rng, 8, 251, 300, 0.1), rng.Split("noise")));
                return (Bench.Floats(target.Planes.Value), target.Pulses);
            }
            finally
            {
                set_num_threads(1);
            }
        }
    }
}
