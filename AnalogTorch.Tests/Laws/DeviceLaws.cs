using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every device.</summary>
public static class DeviceLaws
{
    public static void WithoutNoiseUpNeverLowersAndDownNeverRaises(PulsedDevice device)
    {
        using var scope = NewDisposeScope();
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

    public static void AtItsBoundNothingMovesOutward(PulsedDevice device)
    {
        using var scope = NewDisposeScope();
        var target = Bench.Target(device, new Rng(12), 40, 100);
        target.Planes.Value.copy_(((Tensor)target.Planes.Max).expand_as(target.Planes.Value));
        device.Accept(new Quiet(Bench.Engine("fused").Pulse(target, ones_like(target.Planes.Value, ScalarType.Int32), default)));
        Assert.True((target.Planes.Value <= target.Planes.Max).all().item<bool>());
        target.Planes.Value.copy_(((Tensor)target.Planes.Min).expand_as(target.Planes.Value));
        device.Accept(new Quiet(Bench.Engine("fused").Pulse(target, full_like(target.Planes.Value, -1, ScalarType.Int32), default)));
        Assert.True((target.Planes.Value >= target.Planes.Min).all().item<bool>());
    }

    public static void StepAndRangeAreOrderlyNumbers(PulsedDevice device)
    {
        Assert.True(device.NominalStep > 0);
        Assert.True(device.Range.Min < device.Range.Max);
        Assert.InRange(device.NominalStep, 0, device.Range.Max - device.Range.Min);
    }

    public static void ManufactureIsAFunctionOfTheStream(PulsedDevice device)
    {
        using var scope = NewDisposeScope();
        var (a, b) = (device.Manufacture(new Rng(3), [30, 50]), device.Manufacture(new Rng(3), [30, 50]));
        foreach (var plane in new Func<ElementPlanes, Tensor>[] { p => p.Value, p => p.Up, p => p.Down, p => p.Min, p => p.Max, p => p.Offset })
        {
            Assert.Equal(Bench.Floats(plane(a)), Bench.Floats(plane(b)));
            Assert.Contains(plane(a).NumberOfElements, new[] { 1L, 1500L });
            Assert.True(plane(a).isfinite().all().item<bool>());
        }
    }

    public static void ManufactureLeavesNothingBehind(PulsedDevice device)
    {
        using var outer = NewDisposeScope();
        using (var inner = NewDisposeScope())
        {
            var planes = device.Manufacture(new Rng(3), [30, 50]);
            Tensor?[] made = [planes.Value, planes.Up, planes.Down, planes.Min, planes.Max, planes.Offset, planes.Memory];
            Assert.All(made, plane => Assert.True(plane is null || inner.Contains(plane)));
        }
        Assert.Equal(0, outer.DisposablesCount);
    }

    /// <summary>Formulas that are not inlined cost a call for every pulse.</summary>
    public static void StepsAreInlinedIntoTheLoopsOfTheEngines(PulsedDevice device)
    {
        const System.Reflection.BindingFlags own = System.Reflection.BindingFlags.Public
            | System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.DeclaredOnly;
        var steps = device.GetType().GetNestedTypes(own | System.Reflection.BindingFlags.NonPublic).Where(type => type.IsValueType
            && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IPulseStep<>)));
        Assert.All(steps.SelectMany(step => step.GetMethods(own)).Where(method => method.IsGenericMethod), method => Assert.True(
            method.MethodImplementationFlags.HasFlag(System.Reflection.MethodImplAttributes.AggressiveInlining),
            $"{method.DeclaringType!.DeclaringType!.Name}'s {method.Name} must be marked AggressiveInlining."));
    }
}
