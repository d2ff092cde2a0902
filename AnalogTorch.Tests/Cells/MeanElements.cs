using AnalogTorch.Cells;
using AnalogTorch.Devices;

namespace AnalogTorch.Tests.Cells;

/// <summary>Single elements in plain double, after the equations of their sources: the devices' side of what cells are measured against.</summary>
internal static class MeanElements
{
    public static IMeanElement Of(PulsedDevice device) => device switch
    {
        GatedCapacitor capacitor => new Charge(capacitor),
        PcmSet pcm => new Crystal(pcm),
        ConstantStep constant => new Ladder(constant, slope: 0),
        SoftBounds soft => new Ladder(soft, slope: 1),
        ResponseDevice curved => new Curve(curved),
        _ => throw new NotSupportedException($"Say here how {device.GetType().Name} moves."),
    };

    private abstract class Element(double start, double min, double max) : IMeanElement
    {
        private readonly double first = start;

        public double Value { get; set; } = start;

        public virtual double Seen => Value;

        public (double Min, double Max) Bounds => (min, max);

        public void Pulse(bool up) => Value = Math.Clamp(Value + Step(up), min, max);

        public virtual void Reset() => Value = first;

        public virtual void Pass(double seconds)
        {
        }

        protected abstract double Step(bool up);
    }

    private sealed class Charge(GatedCapacitor device) : Element(device.StartVoltage, device.MinVoltage, device.MaxVoltage)
    {
        public override double Seen => Value > device.Threshold ? (Value - device.Threshold) * device.Transconductance : 0;

        public override void Pass(double seconds)
        {
            if (device.Leakage is ExponentialLeakage leak)
                Value = leak.Rest - (leak.Rest - Value) / Math.Exp(seconds / leak.TimeConstant);
        }

        protected override double Step(bool up)
        {
            var above = device.StepSlope * (Value - device.StartVoltage);
            return up ? device.VoltageStep - device.VoltageStep * above : -device.VoltageStep - device.VoltageStep * above;
        }
    }

    private sealed class Crystal(PcmSet device) : Element(device.GReset, device.GReset, device.GMax)
    {
        private int pulses;

        public override void Reset()
        {
            base.Reset();
            pulses = 0;
        }

        protected override double Step(bool up) =>
            up ? device.MeanStep + device.MeanSlope * Value + device.MeanHistory * Math.Exp(-++pulses / device.HistoryLength) : 0;
    }

    private sealed class Curve(ResponseDevice device) : Element(0, -device.Bound, device.Bound)
    {
        protected override double Step(bool up)
        {
            var sign = up ? 1 : -1;
            var left = (device.Bound - sign * Value) / device.Bound;
            var share = device.Response switch
            {
                PowerResponse power => left > 0 ? Math.Exp(power.Exponent * Math.Log(left)) : 0,
                ExponentialResponse curve => Math.Exp(curve.Rate * (left - 1)) * (1 - Math.Exp(-curve.Rate * left)) / (1 - Math.Exp(-curve.Rate)),
                _ => left,
            };
            return sign * 2 * device.Bound / device.States * (1 + sign * device.UpDownBias) * share;
        }
    }

    private sealed class Ladder(BoundedDevice device, double slope) : Element(0, device.Min, device.Max)
    {
        protected override double Step(bool up) => up
            ? device.DwMin * (1 + device.UpDownBias) * (1 - slope * Value / device.Max)
            : -device.DwMin * (1 - device.UpDownBias) * (1 - slope * Value / device.Min);
    }
}
