using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Devices;

/// <summary>What holds for every device in the catalog, and what some are refused for.</summary>
public class DeviceLaws : LawsOf<PulsedDevice>
{
    [Fact]
    public void BoundsThatVaryWidelyKeepEverythingFinite()
    {
        // With this spread, every 20th bound is drawn on the wrong side of zero.
        using var scope = NewDisposeScope();
        foreach (var device in new PulsedDevice[] { Wide(new SoftBounds()), Wide(new LinearStep()), Wide(new ConstantStep()), Wide(new ExpStep()) })
        {
            var target = Bench.Target(device, new Rng(4), 50, 100);
            foreach (var count in new[] { 1, -1, 50, -100 })
                device.Accept(Bench.Engine("scalar").Pulse(target, full([50, 100], count, ScalarType.Int32), new Rng(5)));
            Assert.True(target.Planes.Value.isfinite().all().item<bool>(), device.GetType().Name);
        }

        static T Wide<T>(T device) where T : BoundedDevice => device with { MaxVariation = 0.6, MinVariation = 0.6 };
    }

    public static TheoryData<string> Contradictions => new(Broken.Select(device => device.GetType().Name));

    private static readonly PulsedDevice[] Broken =
    [
        new SoftBounds { Min = 0 },
        new LinearStep { Min = 0 },
        new GatedCapacitor { MinVoltage = 0.7 },
        new PcmSet { GReset = 1 },
        new JumpTable { Jumps = new MeasuredJumps { Up = [1, 2, 3], Down = [1, 2, 3] } },
    ];

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void MembersThatContradictEachOtherAreRefusedWhenHardwareIsBuilt(string name)
    {
        using var store = new TensorStore();
        var message = Assert.Throws<ArgumentException>(
            () => new AnalogTorch.Cells.DeviceArray(Broken.Single(device => device.GetType().Name == name), "d", store, new Rng(1), [2, 2], CPU)).Message;
        Assert.Matches($"^{(name == "JumpTable" ? "MeasuredJumps" : name)}\\..* must .*, but ", message);
    }
}
