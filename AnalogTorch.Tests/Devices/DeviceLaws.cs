using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Devices;

/// <summary>What holds for every device in the catalog.</summary>
public class DeviceLaws
{
    public static TheoryData<string> Devices => new(Bench.Devices);

    [Theory]
    [MemberData(nameof(Devices))]
    public void WithoutNoiseUpNeverLowersAndDownNeverRaises(string name)
    {
        using var scope = NewDisposeScope();
        var device = Bench.Device(name);
        var target = Bench.Target(device, new Rng(11), 40, 100);
        // From the start value up to saturation, and back down.
        Pulse(1, pulses: 60, (before, after) => after >= before);
        Pulse(40, pulses: 60, (before, after) => after >= before);
        Pulse(-1, pulses: 60, (before, after) => after <= before);
        Pulse(-40, pulses: 60, (before, after) => after <= before);

        void Pulse(int count, int pulses, Func<Tensor, Tensor, Tensor> law)
        {
            for (var pulse = 0; pulse < pulses; pulse++)
            {
                using var inner = NewDisposeScope();
                var before = target.Planes.Value.clone();
                device.Accept(new Quiet(Bench.Engine("fused").Pulse(target, full_like(before, count, ScalarType.Int32), default)));
                // The start value of a device that is RESET may lie below Min, and the first pulse lifts it there.
                Assert.True(law(maximum(before, target.Planes.Min), target.Planes.Value).all().item<bool>());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void AtItsBoundNothingMovesOutward(string name)
    {
        using var scope = NewDisposeScope();
        var device = Bench.Device(name);
        var target = Bench.Target(device, new Rng(12), 40, 100);
        target.Planes.Value.copy_(((Tensor)target.Planes.Max).expand_as(target.Planes.Value));
        device.Accept(new Quiet(Bench.Engine("fused").Pulse(target, ones_like(target.Planes.Value, ScalarType.Int32), default)));
        Assert.True((target.Planes.Value <= target.Planes.Max).all().item<bool>());
        target.Planes.Value.copy_(((Tensor)target.Planes.Min).expand_as(target.Planes.Value));
        device.Accept(new Quiet(Bench.Engine("fused").Pulse(target, full_like(target.Planes.Value, -1, ScalarType.Int32), default)));
        Assert.True((target.Planes.Value >= target.Planes.Min).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void StepAndRangeAreOrderlyNumbers(string name)
    {
        var device = Bench.Device(name);
        Assert.True(device.NominalStep > 0);
        Assert.True(device.Range.Min < device.Range.Max);
        Assert.InRange(device.NominalStep, 0, device.Range.Max - device.Range.Min);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void ManufactureIsAFunctionOfTheStream(string name)
    {
        using var scope = NewDisposeScope();
        var (a, b) = (Bench.Device(name).Manufacture(new Rng(3), [30, 50]), Bench.Device(name).Manufacture(new Rng(3), [30, 50]));
        foreach (var plane in new Func<ElementPlanes, Tensor>[] { p => p.Value, p => p.Up, p => p.Down, p => p.Min, p => p.Max, p => p.Offset })
        {
            Assert.Equal(Bench.Floats(plane(a)), Bench.Floats(plane(b)));
            Assert.Contains(plane(a).NumberOfElements, new[] { 1L, 1500L });
            Assert.True(plane(a).isfinite().all().item<bool>());
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void ManufactureLeavesNothingBehind(string name)
    {
        using var outer = NewDisposeScope();
        using (var inner = NewDisposeScope())
        {
            var planes = Bench.Device(name).Manufacture(new Rng(3), [30, 50]);
            Tensor?[] made = [planes.Value, planes.Up, planes.Down, planes.Min, planes.Max, planes.Offset, planes.Memory];
            Assert.All(made, plane => Assert.True(plane is null || inner.Contains(plane)));
        }
        Assert.Equal(0, outer.DisposablesCount);
    }

    [Fact]
    public void StepsAreInlinedIntoTheLoopsOfTheEngines()
    {
        var steps = typeof(PulsedDevice).Assembly.GetTypes().Where(type => type.IsValueType
            && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IPulseStep<>))).ToArray();
        Assert.True(steps.Length >= 7);
        const System.Reflection.BindingFlags own = System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Instance
            | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.DeclaredOnly;
        Assert.All(steps.SelectMany(step => step.GetMethods(own)).Where(method => method.IsGenericMethod), method => Assert.True(
            method.MethodImplementationFlags.HasFlag(System.Reflection.MethodImplAttributes.AggressiveInlining),
            $"{method.DeclaringType!.DeclaringType!.Name}'s {method.Name} must be marked AggressiveInlining."));
    }

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
